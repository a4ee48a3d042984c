import { goto } from '$app/navigation';
import { thisDevice } from '#lib/devices/own.svelte.ts';
import type { LiveRoom } from '#lib/live/room.svelte.ts';
import { paths } from '#lib/paths.ts';

/** The end is read from the back row first; a meeting that was ended by mistake is open again before (ms). */
const AFTER_END = 60_000;
/** What a refusal says is read, too. */
const AFTER_REFUSAL = 10_000;
const SIGNED_OUT = 4401;
const REPLACED = 4409;
const OCCUPIED = 4410;

/** A hall's own machine goes back to where it waits, when there is nothing here any more. Called while a component is set up. */
export function homeAgain(of: () => LiveRoom): void {
  $effect(() => {
    const room = of();
    if (!thisDevice.active) return;
    const { phase } = room;
    // Another machine of the hall is in: this one waits here, to take over.
    if (phase.name === 'refused' && (phase.code === REPLACED || phase.code === OCCUPIED)) return;
    const after =
      phase.name === 'refused'
        ? phase.code === SIGNED_OUT
          ? 0
          : AFTER_REFUSAL
        : room.meeting?.state === 'ended'
          ? AFTER_END
          : undefined;
    if (after === undefined) return;
    const timer = setTimeout(() => void goto(paths.hallHome, { replaceState: true }), after);
    return () => clearTimeout(timer);
  });
}
