import { m } from '#lib/paraglide/messages.js';
import { number, said } from '#lib/text/format.ts';
import type { TypedLine } from './typed.ts';
import type { Delegate } from './types.ts';

/** "12 đại biểu" */
export const delegatesCount = (count: number): string => m.delegates_count({ count: number(count) });

/** What is wrong with a typed line. */
export function faultWords({ line, person, fault, wrong = '' }: TypedLine): string {
  if (fault === 'twice') return m.delegates_add_twice({ line, name: person.full_name });
  if (fault === 'email') return m.delegates_add_email({ line, wrong });
  if (fault === 'phone') return m.delegates_add_phone({ line, wrong });
  return m.delegates_add_bad({ line });
}

export function capacityWord(role: string): string {
  const words: Record<string, () => string> = {
    delegate: m.delegates_role_delegate,
    guest: m.delegates_role_guest,
  };
  return words[role]?.() ?? role;
}

/** What one looks for among a list's invitations: states that ask for the same. */
export const reachGroups = {
  unsent: { states: ['none', 'made', 'revoked'], words: m.reach_unsent },
  queued: { states: ['queued'], words: m.reach_queued },
  lost: { states: ['bounced', 'failed'], words: m.reach_lost },
  sent: { states: ['sent'], words: m.reach_sent },
  delivered: { states: ['delivered'], words: m.reach_delivered },
  opened: { states: ['opened'], words: m.reach_opened },
} as const satisfies Record<string, { states: readonly Delegate['link'][]; words: () => string }>;
export type ReachGroup = keyof typeof reachGroups;

export type LinkMark = 'none' | 'waiting' | 'good' | 'bad';

/** Where a personal link stands, and how much that matters. */
export function linkWords(delegate: Delegate): { text: string; mark: LinkMark } {
  const error = delegate.mail_error ?? delegate.sms_error;
  switch (delegate.link) {
    case 'opened':
      return { text: m.delegates_link_opened(), mark: 'good' };
    case 'delivered':
      return { text: m.reach_state_delivered(), mark: 'good' };
    case 'sent':
      return { text: m.delegates_link_sent(), mark: 'waiting' };
    case 'queued':
      return { text: error ? said(error) : m.reach_state_queued(), mark: 'waiting' };
    case 'bounced':
    case 'failed':
      return { text: error ? m.delegates_link_failed({ error: said(error) }) : m.reach_lost(), mark: 'bad' };
    case 'made':
      // Written into a file, where there is no gateway.
      if (error) return { text: said(error), mark: 'waiting' };
      return { text: m.delegates_link_made(), mark: 'none' };
    case 'revoked':
      return { text: m.delegates_link_revoked(), mark: 'bad' };
    default:
      return { text: m.delegates_link_none(), mark: 'none' };
  }
}
