import { expect, it } from 'vitest';
import { paragraphs } from './flow.ts';
import type { TextLine } from '#lib/papers/types.ts';

const line = (y: number, text: string, x = 0.12, width = 0.76, height = 0.015): TextLine => [
  x,
  y,
  width,
  height,
  text.split(' ').map((word, index) => [x + index * 0.05, 0.04, word]),
];

it('puts lines together to paragraphs as they were written', () => {
  const page = [
    line(0.1, 'BÁO CÁO', 0.4, 0.2),
    line(0.14, 'Thực hiện Nghị quyết số 57', 0.16, 0.72),
    line(0.165, 'của Bộ Chính trị.', 0.12, 0.3),
    line(0.19, 'Trong sáu tháng đầu năm, kinh tế', 0.16, 0.72),
    line(0.215, 'tăng 8,12% so với cùng', 0.12, 0.76),
    line(0.24, 'kỳ.', 0.12, 0.04),
    line(0.265, '- Nhiệm vụ thứ nhất', 0.12, 0.76),
    line(0.95, '12', 0.49, 0.02),
  ];
  expect(paragraphs(page)).toEqual([
    { kind: 'heading', text: 'BÁO CÁO' },
    { kind: 'text', text: 'Thực hiện Nghị quyết số 57 của Bộ Chính trị.' },
    { kind: 'text', text: 'Trong sáu tháng đầu năm, kinh tế tăng 8,12% so với cùng kỳ.' },
    { kind: 'text', text: '- Nhiệm vụ thứ nhất' },
  ]);
});

it('bears a page without words', () => {
  expect(paragraphs([])).toEqual([]);
});
