import { m } from '#lib/paraglide/messages.js';
import { chime } from '#lib/media/chime.ts';
import type { Board } from './board.svelte.ts';

const KEY = 'nhipcau.console.chime';

/**
 * Says what an operator must not miss while looking elsewhere: a new hand by a chime and a spoken notice, a lost point by
 * a notice that interrupts. What stood already when the board was opened is no news.
 */
export class Announcer {
  /** For screen readers, in their own time. */
  polite = $state('');
  /** At once. */
  urgent = $state('');
  /** A new hand sounds. */
  sounds = $state(localStorage.getItem(KEY) !== 'off');
  #raised: Set<number> | undefined;
  #lost: Set<number> | undefined;
  #called: Set<number> | undefined;

  setSounds(wanted: boolean): void {
    this.sounds = wanted;
    localStorage.setItem(KEY, wanted ? 'on' : 'off');
  }

  /** Call in an effect. */
  watch(board: Board): void {
    if (!board.conference.room.known) return;
    const { waiting } = board;
    const lost = board.troubles.lost;
    const raised = added(this.#raised, waiting);
    const gone = added(this.#lost, lost);
    this.#raised = new Set(waiting.map(({ id }) => id));
    this.#lost = new Set(lost.map(({ id }) => id));
    if (raised.length > 0) {
      this.polite = m.hands_raised({ names: raised.map((each) => board.nameOf(each)).join(', ') });
      if (this.sounds) chime();
    }
    const calls = board.conference.room.messages.filter(({ kind }) => kind === 'help');
    const called = added(this.#called, calls);
    this.#called = new Set(calls.map(({ id }) => id));
    if (called.length > 0) {
      const names = called.map(({ point_id }) => board.point(point_id ?? undefined)?.name ?? '');
      this.urgent = m.message_help({ name: names.join(', ') });
      if (this.sounds) chime();
    }
    if (gone.length > 0) this.urgent = m.attention_lost({ name: gone.map(({ name }) => name).join(', ') });
  }
}

function added<Entity extends { id: number }>(before: Set<number> | undefined, now: Entity[]): Entity[] {
  return before ? now.filter(({ id }) => !before.has(id)) : [];
}
