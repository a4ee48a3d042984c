import { sentence } from '#lib/api/errors.ts';
import { every } from '#lib/api/refresh.ts';
import type { LiveRoom } from '#lib/live/room.svelte.ts';
import { m } from '#lib/paraglide/messages.js';
import { noticesApi, type Notification } from './calls.ts';

const refreshEvery = 30_000;
/** Of the devices of a room that has just come back, in ms. */
const spread = 5_000;

/** What this person has been told, for the bell of the header. */
class Notices {
  list = $state.raw<Notification[]>();
  unread = $state(0);
  failure = $state('');

  /** Looks now and then as long as the page is open. Returns what stops it. */
  watch(): () => void {
    void this.reload();
    return every(refreshEvery, () => void this.reload());
  }

  /** Goes by what a meeting's room is told, so that thousands of devices need not ask. Returns what stops it. */
  hear(room: LiveRoom): () => void {
    let asking: ReturnType<typeof setTimeout> | undefined;
    const ask = () => {
      clearTimeout(asking);
      asking = setTimeout(() => void this.reload(), Math.random() * spread);
    };
    if (room.known) ask();
    const stops = [
      // What was told while the line was cut.
      room.onSnapshot(ask),
      room.onSignal('notice', ({ unread }) => (this.unread = Number(unread))),
    ];
    return () => {
      clearTimeout(asking);
      for (const stop of stops) stop();
    };
  }

  async reload(): Promise<void> {
    try {
      const { unread, notices } = await noticesApi.list();
      this.unread = unread;
      this.list = notices;
      this.failure = '';
    } catch (thrown) {
      this.failure = sentence(thrown);
    }
  }

  /** Marks as read, on screen at once; null: all of them. */
  async read(ids: number[] | null): Promise<void> {
    const now = new Date().toISOString();
    const marked = (notice: Notification) => ids === null || ids.includes(notice.id);
    this.list = this.list?.map((notice) =>
      notice.read_at || !marked(notice) ? notice : { ...notice, read_at: now },
    );
    this.unread = ids === null ? 0 : Math.max(0, this.unread - ids.length);
    await noticesApi.read(ids).catch(() => this.reload());
  }
}

export const notices = new Notices();

/** What a notice says: its facts come from the server, the sentence is ours. */
export function noticeWords({ kind, data }: Notification): string {
  const text = (name: string) => (typeof data[name] === 'string' ? (data[name] as string) : '');
  const count = (name: string) => (typeof data[name] === 'number' ? (data[name] as number) : undefined);
  switch (kind) {
    case 'paper.new-version': {
      const number = count('version');
      return number
        ? m.notices_new_version({ title: text('title'), number })
        : m.notices_new_version_plain({ title: text('title') });
    }
    case 'paper.recalled':
      return m.notices_recalled({ title: text('title') });
    case 'access.requested':
      return m.notices_asked({ name: text('full_name') });
    case 'device.asks':
      return m.notices_device_asks({ name: text('full_name') });
    case 'account.link-made':
      return m.notices_link_made({ by: text('by') });
    case 'meeting.invited':
      return m.notices_invited({ title: text('title') });
    case 'meeting.changed':
      return m.notices_changed({ title: text('title') });
    case 'meeting.rescheduled':
      return m.notices_rescheduled({ title: text('title') });
    case 'meeting.postponed':
      return m.notices_postponed({ title: text('title'), reason: text('reason') });
    case 'meeting.cancelled':
      return m.notices_cancelled({ title: text('title'), reason: text('reason') });
    case 'papers.reminder': {
      const left = count('count');
      return left ? m.notices_reminder({ count: left }) : m.notices_reminder_plain();
    }
    case 'readiness.untested':
      return m.notices_untested({ point: text('point'), title: text('title') });
    case 'nomination.asked': {
      const about = { point: text('point'), title: text('title') };
      if (data.what === 'reminded') return m.notices_nomination_reminded(about);
      return data.what === 'reopened' ? m.notices_nomination_reopened(about) : m.notices_nomination(about);
    }
    case 'reply.proposed':
      return m.notices_reply_proposed({ name: text('full_name'), substitute: text('substitute') });
    case 'reply.stepped-back':
      return m.notices_reply_stepped_back({ name: text('full_name'), substitute: text('substitute') });
    case 'reply.reminder':
      return m.notices_reply_reminder();
    case 'reply.decided':
      return data.agreed
        ? m.notices_reply_agreed({ substitute: text('substitute') })
        : m.notices_reply_declined();
    default:
      return m.notices_other();
  }
}
