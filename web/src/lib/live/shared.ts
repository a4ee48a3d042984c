import { LiveRoom } from './room.svelte.ts';

/** A room stays open this long after the last page that used it: the next page of the same meeting goes on with it. */
const linger = 5_000;
const rooms = new Map<number, { room: LiveRoom; users: number; closing?: ReturnType<typeof setTimeout> }>();

/** A meeting's live channel as a member, one for all pages that ask; `giveBack` when the page is left. */
export function borrowRoom(meeting: number): { room: LiveRoom; giveBack: () => void } {
  let shared = rooms.get(meeting);
  if (!shared) {
    shared = { room: new LiveRoom({ meeting, seat: { as: 'member' } }), users: 0 };
    rooms.set(meeting, shared);
    shared.room.start();
  }
  const { room } = shared;
  const entry = shared;
  clearTimeout(entry.closing);
  entry.users += 1;
  let back = false;
  return {
    room,
    giveBack: () => {
      if (back) return;
      back = true;
      entry.users -= 1;
      if (entry.users > 0) return;
      entry.closing = setTimeout(() => {
        room.stop();
        rooms.delete(meeting);
      }, linger);
    },
  };
}
