import { expect, it } from 'vitest';
import type { Figures, MyReply } from './calls.ts';
import { boardWords, myWords } from './words.ts';

const figures = (some: Partial<Figures>): Figures => ({
  invited: 0,
  accepted: 0,
  absent: 0,
  proposed: 0,
  substitute: 0,
  none: 0,
  ...some,
});
const mine = (some: Partial<MyReply>): MyReply => ({
  state: 'none',
  may_reply: true,
  reason: '',
  substitute: null,
  stands_for: '',
  at: null,
  ...some,
});

it('says what waits before how the replies stand', () => {
  expect(boardWords(figures({}))).toBe('Chưa có ai trong danh sách đại biểu để trả lời.');
  expect(boardWords(figures({ invited: 12_000, none: 12_000 }))).toBe(
    'Chưa có ai trong 12.000 người trả lời.',
  );
  expect(boardWords(figures({ invited: 3, accepted: 1, proposed: 1, none: 1 }))).toBe(
    '1 đề nghị dự thay chờ đồng ý. 2 trên 3 người đã trả lời. Còn 1 người chưa trả lời.',
  );
  expect(boardWords(figures({ invited: 2, absent: 2 }))).toBe('Cả 2 người đã trả lời.');
});

it('tells a delegate what was answered, and what became of it', () => {
  expect(myWords(mine({}))).toBe('');
  expect(myWords(mine({ state: 'absent', reason: 'Đi công tác' }))).toBe('Đã báo vắng: Đi công tác');
  const substitute = { full_name: 'Liêng Jrang Ha', title: '' };
  expect(myWords(mine({ state: 'declined', substitute, reason: 'Cần đồng chí Bí thư.' }))).toBe(
    'Chưa được đồng ý để Liêng Jrang Ha dự thay: Cần đồng chí Bí thư. Xin trả lời lại.',
  );
  expect(myWords(mine({ state: 'accepted', stands_for: 'Cil Múp Thảo' }))).toBe(
    'Đồng chí dự thay Cil Múp Thảo.',
  );
});
