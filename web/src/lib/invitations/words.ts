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

export type LinkMark = 'none' | 'waiting' | 'good' | 'bad';

/** Where a personal link stands, and how much that matters. */
export function linkWords(delegate: Delegate): { text: string; mark: LinkMark } {
  if (delegate.mail_error && delegate.link !== 'opened')
    return { text: m.delegates_link_failed({ error: said(delegate.mail_error) }), mark: 'bad' };
  if (delegate.sms_error?.code === 'filed' && delegate.link === 'made')
    return { text: said(delegate.sms_error), mark: 'waiting' };
  if (delegate.sms_error && delegate.link !== 'opened' && delegate.link !== 'sent')
    return { text: m.sms_link_failed({ error: said(delegate.sms_error) }), mark: 'bad' };
  switch (delegate.link) {
    case 'opened':
      return { text: m.delegates_link_opened(), mark: 'good' };
    case 'sent':
      return { text: m.delegates_link_sent(), mark: 'waiting' };
    case 'made':
      return { text: m.delegates_link_made(), mark: 'none' };
    case 'revoked':
      return { text: m.delegates_link_revoked(), mark: 'bad' };
    default:
      return { text: m.delegates_link_none(), mark: 'none' };
  }
}
