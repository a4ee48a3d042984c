import type { RequestEntity } from '#lib/live/types.ts';
import { m } from '#lib/paraglide/messages.js';
import { duration } from '#lib/text/format.ts';
import type { TurnClock } from './clock.ts';

export type SpeakingKind = RequestEntity['kind'];
export const speakingKinds: readonly SpeakingKind[] = ['speech', 'debate', 'question', 'answer'];

export const kindWord = (kind: SpeakingKind): string =>
  ({
    speech: m.speaking_kind_speech,
    debate: m.speaking_kind_debate,
    question: m.speaking_kind_question,
    answer: m.speaking_kind_answer,
  })[kind]();

/** Inside a sentence: "đang phát biểu". */
export const kindInSentence = (kind: SpeakingKind): string =>
  ({
    speech: m.speaking_now_kind_speech,
    debate: m.speaking_now_kind_debate,
    question: m.speaking_now_kind_question,
    answer: m.speaking_now_kind_answer,
  })[kind]();

/** Down to nothing where there is a limit, then up with a plus; else up. */
export function clockText({ left, spent }: TurnClock): string {
  if (left === undefined) return duration(spent);
  return left > 0 ? duration(Math.ceil(left)) : `+${duration(-left)}`;
}

/** What a screen reader says of it, when it changes: each of these once. */
export function clockNews(clock: TurnClock): string {
  if (clock.paused) return m.speaking_paused();
  return { runs: '', soon: m.speaking_one_minute(), over: m.speaking_time_up() }[clock.phase];
}
