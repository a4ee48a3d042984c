import type { LiveRoom } from '#lib/live/room.svelte.ts';
import { shelf } from './shelf.svelte.ts';

/** The live entity `library`: grows with every change of papers, versions or rights. */
interface LibraryEntity {
  revision: number;
  recalled: number[];
  spread_seconds: number;
}

/**
 * Follows a meeting's library on the live channel: what is recalled leaves the device at once; anything else is asked for
 * within the spread, so that thousands of devices do not ask in one instant. Returns how to stop.
 */
export function hearLibrary(room: LiveRoom, meeting: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** The revision that is waited for. */
  let awaited = 0;
  /** The list of what is recalled stands as long as it is so: each is taken off once. */
  const gone = new Set<number>();
  const look = () => {
    const entity = room.collection('library').get('') as LibraryEntity | undefined;
    if (!entity) return;
    const known = shelf.libraries.get(meeting);
    for (const id of gone) if (!entity.recalled.includes(id)) gone.delete(id);
    const recalled = entity.recalled.filter((id) => !gone.has(id) && !isManaged(meeting, id));
    if (recalled.length > 0) void shelf.discard(meeting, recalled, 'recalled');
    for (const id of recalled) gone.add(id);
    if (known && known.revision >= entity.revision) return;
    // Every event of the meeting passes here; only another revision begins another wait.
    if (awaited === entity.revision && timer !== undefined) return;
    awaited = entity.revision;
    clearTimeout(timer);
    const wait = known ? Math.random() * entity.spread_seconds * 1000 : 0;
    timer = setTimeout(() => {
      timer = undefined;
      void shelf.load(meeting).catch(() => undefined);
    }, wait);
  };
  const stops = [room.onSnapshot(look), room.onEvent(look)];
  if (room.known) look();
  return () => {
    clearTimeout(timer);
    for (const stop of stops) stop();
  };
}

/** Who manages a paper goes on seeing it when it is recalled. */
function isManaged(meeting: number, paper: number): boolean {
  return shelf.libraries.get(meeting)?.papers.find(({ id }) => id === paper)?.my.manage === true;
}
