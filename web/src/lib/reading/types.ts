/** Reading receipts as the organiser sees them, and search. */
import type { components } from '#lib/api/schema.ts';

type Schemas = components['schemas'];

export type Board = Schemas['Board'];
export type BoardPerson = Board['people'][number];
export type BoardPoint = Board['points'][number];
export type Counts = Pick<BoardPoint, 'expected' | 'delivered' | 'opened' | 'finished'>;
export type Gap = NonNullable<Schemas['ReminderWrite']['gap']>;
export type Reminded = Schemas['RemindersOut'];
export type SearchAnswer = Schemas['SearchAnswer'];
export type SearchHit = SearchAnswer['hits'][number];
