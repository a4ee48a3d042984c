import { pointsCount } from '#lib/meetings/words.ts';
import { summed } from '#lib/organisations/spans.ts';
import { m } from '#lib/paraglide/messages.js';
import { number } from '#lib/text/format.ts';
import type { Board, BoardPerson, BoardPoint, Counts, Reminded } from './types.ts';

/** Part of what is expected, 0 … 1; undefined where nobody has to read anything. */
export const part = (counts: Counts, of: 'delivered' | 'opened' | 'finished'): number | undefined =>
  counts.expected > 0 ? counts[of] / counts.expected : undefined;

/** "68%", rounded down: 100% only when it is all, 0% only when it is none. */
export const percent = (share: number | undefined): string =>
  share === undefined ? '–' : share > 0 && share < 0.01 ? '<1%' : `${number(Math.floor(share * 100))}%`;

export const totals = (board: Board): Counts =>
  summed(board.points, ['expected', 'delivered', 'opened', 'finished']);

/** Halls alone: who takes part online is at no point. */
const halls = (board: Board) => board.points.filter(({ point_id }) => point_id !== null);

/** Halls where less than half of what should be read has been opened. */
export const lagging = (board: Board) => halls(board).filter((point) => (part(point, 'opened') ?? 1) < 0.5);

/** Halls where nothing of what should be read has been opened. */
export const silent = (board: Board) =>
  halls(board).filter(({ expected, opened }) => expected > 0 && opened === 0);

/** One sentence: how the reading stands, and what to do next. */
export function boardWords(board: Board): string {
  const sum = totals(board);
  if (board.papers.length === 0) return m.receipts_next_no_papers();
  if (sum.expected === 0) return m.receipts_next_no_people();
  if (sum.opened === 0) return m.receipts_next_nobody();
  if (sum.opened === sum.expected) return m.receipts_next_all();
  const share = percent(part(sum, 'opened'));
  const behind = lagging(board).length;
  return behind > 0
    ? m.receipts_next_gaps({ share, points: pointsCount(behind) })
    : m.receipts_next_some({ share });
}

/** How far one person is with one paper: "3/12 trang", "chưa mở" … */
export function progressWords(progress: BoardPerson['papers'][string]): string {
  if (progress.opened)
    return progress.pages > 0 && progress.seen >= progress.pages
      ? m.receipts_person_finished()
      : m.receipts_person_pages({ seen: number(progress.seen), pages: number(progress.pages) });
  return progress.delivered ? m.receipts_person_delivered() : m.receipts_person_not_opened();
}

/** A point's name; with the unit above it where another point has the same: every town has its first ward. */
export function placeWords({ points, units }: Pick<Board, 'points' | 'units'>, point: BoardPoint): string {
  if (points.filter(({ name }) => name === point.name).length < 2) return point.name;
  const own = units.find(({ unit_id }) => unit_id === point.unit_id);
  const above = units.find(({ unit_id }) => unit_id === own?.parent_id);
  return above ? `${point.name}, ${above.name}` : point.name;
}

/** What a reminder would come to: whom it reaches and how, then whom it does not, a line each. */
export function wouldRemindWords(counted: Reminded): string[] {
  const { people, mail, mail_ready } = counted;
  const reach =
    people === 0
      ? m.receipts_reminded_nobody()
      : mail_ready
        ? m.receipts_would_remind({ people: number(people), mail: number(mail) })
        : m.receipts_would_remind_in_app({ people: number(people) });
  return [
    reach,
    people > 0 && !mail_ready ? m.receipts_would_remind_no_server() : '',
    ...missedWords(counted),
  ].filter(Boolean);
}

/** Whom a letter does not reach, and who is not reminded again; empty where it is nobody. */
const missedWords = ({ mail_ready, without_email, recent }: Reminded): string[] => [
  mail_ready && without_email > 0 ? m.receipts_reminded_without({ count: number(without_email) }) : '',
  recent > 0 ? m.receipts_reminded_recent({ count: number(recent) }) : '',
];

/** What a reminder came to. */
export function remindedWords(done: Reminded): string {
  const parts = [
    done.people > 0
      ? m.receipts_reminded({
          people: number(done.people),
          mail: number(done.mail),
          in_app: number(done.in_app),
        })
      : done.recent > 0
        ? ''
        : m.receipts_reminded_nobody(),
    ...missedWords(done),
  ];
  return parts.filter(Boolean).join(' ');
}
