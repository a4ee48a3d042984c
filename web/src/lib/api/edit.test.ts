import { expect, it } from 'vitest';
import { Edit } from './edit.svelte.ts';
import { ApiError } from './errors.ts';

const row = (title: string, role: string, revision: number) => ({ title, role, revision });
const factsOf = ({ title, role }: ReturnType<typeof row>) => ({ title, role });
const meanwhile = (current: ReturnType<typeof row>) =>
  new ApiError(
    { code: 'edited-meanwhile', vi: '', en: '', details: { revision: current.revision, current } } as never,
    409,
  );

it('sends what differs with the revision that was seen, and nothing when nothing does', async () => {
  const edit = new Edit(row('Báo cáo', 'member', 3), factsOf);
  const sent: unknown[] = [];
  const send = async (...write: unknown[]) => void sent.push(write);
  expect(await edit.save({ title: 'Báo cáo', role: 'member' }, send)).toBe(true);
  expect(await edit.save({ title: 'Báo cáo quý', role: 'member' }, send)).toBe(true);
  expect(sent).toEqual([[{ title: 'Báo cáo quý' }, 3]]);
});

it.each([
  [true, { title: 'Của tôi', role: 'guest' }],
  [false, { title: 'Của họ', role: 'guest' }],
])('holds what others saved until it is settled whose stays (mine: %s)', async (mine, next) => {
  const edit = new Edit(row('Báo cáo', 'member', 3), factsOf);
  const typed = { title: 'Của tôi', role: 'member' };
  const theirs = row('Của họ', 'guest', 4);
  expect(await edit.save(typed, () => Promise.reject(meanwhile(theirs)))).toBe(false);
  expect(edit.clashWith(typed)).toEqual({ theirs: ['title', 'role'], both: ['title'] });
  expect(edit.settle(typed, mine)).toEqual({ next, current: theirs });
  expect(edit.newer).toBeUndefined();
  // From now on what they saved is what one began with.
  const sent: unknown[] = [];
  await edit.save(next, async (...write) => void sent.push(write));
  expect(sent).toEqual(mine ? [[{ title: 'Của tôi' }, 4]] : []);
});
