import { answer, api } from '#lib/api/client.ts';
import { sentence } from '#lib/api/errors.ts';
import { m } from '#lib/paraglide/messages.js';
import { number } from '#lib/text/format.ts';
import { toasts } from '#lib/ui/toasts.svelte.ts';

/** The ways by which invitations go out when a meeting is published. */
export interface Chosen {
  mail: boolean;
  sms: boolean;
}

/** In our words, to everybody who has no e-mail. */
export const toThoseWithoutMail = {
  delegate_ids: null,
  kind: 'invitation',
  text: '',
  accents: false,
  without_email: true,
} as const;

/** After the meeting was published: what fails here is said, and can be done again from the page of delegates. */
export async function sendInvitations(meeting_id: number, { mail, sms }: Chosen): Promise<void> {
  const meeting = { params: { path: { meeting_id } } };
  try {
    if (mail) {
      const body = { delegate_ids: null, send: true };
      const made = await answer(api.POST('/api/meetings/{meeting_id}/links', { ...meeting, body }));
      const count = number(made.queued);
      const without = made.without_email.length;
      toasts.show(
        without > 0
          ? m.delegates_sent_without({ count, without: number(without) })
          : m.delegates_sent({ count }),
      );
    }
    if (sms) {
      const sent = await answer(
        api.POST('/api/meetings/{meeting_id}/sms', { ...meeting, body: toThoseWithoutMail }),
      );
      const people = m.delegates_count({ count: number(sent.people) });
      toasts.show(m.sms_on_their_way({ messages: number(sent.messages), people }));
    }
  } catch (thrown) {
    toasts.show(m.publish_not_sent({ error: sentence(thrown) }), 'error');
  }
}
