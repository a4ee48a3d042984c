import { SvelteSet } from 'svelte/reactivity';
import type { LiveRoom } from './room.svelte.ts';
import type { CommandName, Commands } from './types.ts';
import { toasts } from '#lib/ui/toasts.svelte.ts';

/**
 * Commands as buttons use them: what is under way is known, so the button shows it; what fails says why at
 * the foot of the page. Nothing is pretended: the screen changes with the event, not with the click.
 */
export class Acts {
  readonly #pending = new SvelteSet<string>();
  readonly #room: LiveRoom;

  constructor(room: LiveRoom) {
    this.#room = room;
  }

  /** Whether such a command is under way; with `point`, the one for that point. */
  busy(name: CommandName, point?: number | null): boolean {
    return this.#pending.has(keyOf(name, point));
  }

  /** Runs a command. Resolves with whether it succeeded; a failure has then been shown. */
  async run(name: CommandName, data: Record<string, unknown> = {}): Promise<boolean> {
    try {
      await this.ask(name, data);
      return true;
    } catch (failure) {
      toasts.show((failure as Error).message, 'error');
      return false;
    }
  }

  /** Runs a command and gives its reply; throws what it failed with, for a caller that shows it itself. */
  async ask<Name extends CommandName>(
    name: Name,
    data: Record<string, unknown> = {},
  ): Promise<Commands[Name]['reply']> {
    const key = keyOf(name, data.point_id as number | undefined);
    this.#pending.add(key);
    try {
      return await this.#room.command(name, data as Partial<Commands[Name]['data']>);
    } finally {
      this.#pending.delete(key);
    }
  }
}

const keyOf = (name: string, point?: number | null) => `${name}:${point ?? ''}`;
