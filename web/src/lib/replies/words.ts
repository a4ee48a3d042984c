import { m } from '#lib/paraglide/messages.js';
import { number } from '#lib/text/format.ts';
import type { Figures, MyReply, ReplyState } from './calls.ts';

export const answered = (figures: Figures): number => figures.invited - figures.none;

export const stateWord = (state: ReplyState): string =>
  ({
    none: m.replies_state_none,
    accepted: m.replies_state_accepted,
    absent: m.replies_state_absent,
    proposed: m.replies_state_proposed,
    substitute: m.replies_state_substitute,
    declined: m.replies_state_declined,
  })[state]();

/** One or two sentences: how the replies stand, and what to do next. */
export function boardWords(total: Figures): string {
  const invited = number(total.invited);
  if (total.invited === 0) return m.replies_next_none();
  const stand =
    answered(total) === 0
      ? m.replies_next_nobody({ invited })
      : total.none === 0
        ? m.replies_next_all({ invited })
        : m.replies_next_silent({ answered: number(answered(total)), invited, silent: number(total.none) });
  return total.proposed > 0
    ? `${m.replies_next_proposed({ count: number(total.proposed) })} ${stand}`
    : stand;
}

/** What one has answered oneself; empty before the first answer. */
export function myWords({ state, reason, substitute, stands_for }: MyReply): string {
  const name = substitute?.full_name ?? '';
  if (stands_for)
    return state === 'absent'
      ? m.reply_stepped_back({ name: stands_for })
      : m.reply_stands_for({ name: stands_for });
  switch (state) {
    case 'accepted':
      return m.reply_is_accepted();
    case 'absent':
      return reason ? m.reply_is_absent_why({ reason }) : m.reply_is_absent();
    case 'proposed':
      return m.reply_is_proposed({ name });
    case 'substitute':
      return m.reply_is_substitute({ name });
    case 'declined':
      return reason
        ? m.reply_is_declined_why({ name, reason: reason.replace(/\.$/, '') })
        : m.reply_is_declined({ name });
    case 'none':
      return '';
  }
}
