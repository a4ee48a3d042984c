import { createContext } from 'svelte';
import { LiveRoom, type RoomSeat } from '#lib/live/room.svelte.ts';
import { MediaKeeper } from '#lib/media/keeper.svelte.ts';
import { share, type Shared } from '#lib/media/share.ts';
import { SoundOut } from '#lib/media/sound.svelte.ts';
import { unanswered } from '#lib/live/errors.ts';
import { Acts } from '#lib/live/acts.svelte.ts';

/** One person's or hall's seat in a conference: the room as it is, media, sound and commands. */
export class Conference {
  readonly room: LiveRoom;
  readonly media: MediaKeeper;
  readonly sound = new SoundOut();
  readonly acts: Acts;
  /** The screen or window this client shows the others. */
  sharing = $state.raw<Shared | undefined>();
  /** The names under which the server may be showing our content: each cut of the line adds one. Empty until it was shown. */
  readonly #names = new Set<string>();

  constructor(meeting: number, seat: RoomSeat) {
    this.room = new LiveRoom({ meeting, seat });
    this.acts = new Acts(this.room);
    this.media = new MediaKeeper(this.room, (tracks) => {
      for (const [slot, track] of tracks) if (track.kind === 'audio') this.sound.attach(slot, track);
    });
    this.room.onSnapshot(() => this.#reclaim());
    this.room.onEvent(() => this.#watchShare());
  }

  start(): void {
    this.room.start();
    this.media.start();
  }

  stop(): void {
    this.sharing?.stop();
    this.media.stop();
    this.sound.close();
    this.room.stop();
  }

  /** Whether the content everyone sees is this client's. */
  get sharesNow(): boolean {
    return this.sharing !== undefined && this.room.stage?.content?.participant === this.room.participant;
  }

  /** Asks for a screen or window and shows it to all. Rejects with the server's refusal. */
  async shareContent(): Promise<void> {
    const shared = await share(() => void this.#captureEnded(shared));
    if (!shared) return;
    this.sharing?.stop();
    this.sharing = shared;
    this.#names.clear();
    this.room.showsToAll(true);
    await this.media.publish('content', shared.video);
    await this.media.publish('content-audio', shared.audio);
    try {
      await this.acts.ask('content.start');
    } catch (refusal) {
      await this.#endSharing();
      throw refusal;
    }
  }

  /** Takes the content off everyone's screen, whoever shares it; ends our own sharing. */
  async stopContent(): Promise<void> {
    await this.#endSharing();
    await this.acts.run('content.stop');
  }

  /** The window was closed, or the browser's own bar was used: another's content is none of our business. */
  async #captureEnded(shared: Shared | null): Promise<void> {
    if (!shared || shared !== this.sharing) return;
    const ours = this.#names.has(this.#holder);
    await this.#endSharing();
    if (ours) await this.acts.run('content.stop');
  }

  async #endSharing(): Promise<void> {
    this.sharing?.stop();
    this.sharing = undefined;
    this.#names.clear();
    this.room.showsToAll(false);
    await this.media.publish('content', null);
    await this.media.publish('content-audio', null);
  }

  /** Whose content everyone sees; '' for nobody's. */
  get #holder(): string {
    return this.room.stage?.content?.participant ?? '';
  }

  /** Once our content was everyone's, whoever took it off or put another in its place ended our capture too. */
  #watchShare(): void {
    if (!this.sharing) return;
    const holder = this.#holder;
    if (holder !== '' && holder === this.room.participant) this.#names.add(holder);
    else if (this.#names.size > 0 && !this.#names.has(holder)) void this.#endSharing();
  }

  /**
   * After a cut the server may know this client by another name. What it still holds under an old one is claimed again;
   * what was stopped or replaced meanwhile stays so. A line that breaks once more claims with the next snapshot.
   */
  #reclaim(): void {
    this.#watchShare();
    const holder = this.#holder;
    if (!this.sharing || this.#names.size === 0 || holder === this.room.participant) return;
    this.#names.add(this.room.participant);
    this.acts.ask('content.start', { again: holder }).catch((failure: unknown) => {
      if (!unanswered(failure)) void this.#endSharing();
    });
  }
}

export const [useConference, provideConference] = createContext<Conference>();
