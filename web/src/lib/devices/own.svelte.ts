import { version } from '$app/env';
import { session } from '#lib/accounts/session.svelte.ts';
import { answer, api } from '#lib/api/client.ts';
import { servedBuild } from '#lib/live/build.svelte.ts';
import type { OwnDevice } from '#lib/api/types.ts';
import { found } from './found.ts';
import { rememberDevice, rememberedDevice } from './remembered.ts';

const EVERY = 60_000;

/** The bridge point's device that this browser is, or was. */
class ThisDevice {
  /** As the server said last; before it has answered, what it said when this machine was on before. */
  said = $state.raw<OwnDevice | undefined>(rememberedDevice());
  /** The server has answered since this page was opened. */
  asked = $state(false);
  camera = $state<Awaited<ReturnType<typeof found>>['camera']>('unknown');
  microphone = $state<Awaited<ReturnType<typeof found>>['microphone']>('unknown');
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wanted = 0;

  get active(): OwnDevice | undefined {
    return this.said?.state === 'active' ? this.said : undefined;
  }

  /** Says how this machine is, and hears what it is. Throws ApiError `offline` without a line. */
  async report(): Promise<OwnDevice> {
    ({ camera: this.camera, microphone: this.microphone } = await found());
    const { camera, microphone } = this;
    const said = await answer(
      api.POST('/api/device/report', { body: { build: version, camera, microphone } }),
      true,
    );
    this.#is(said);
    return said;
  }

  /** Types the code in. Throws `device-code-wrong`, or `somebody-else-signed-in`, whom only `replace` signs out. */
  async use(code: string, replace = false): Promise<void> {
    const said = await answer(api.POST('/api/device', { body: { code, replace } }), true);
    session.forget();
    await session.load();
    this.#is(said);
  }

  /** Reports every minute until the returned function is called. */
  keep(): () => void {
    if (this.#wanted++ === 0) void this.#again();
    return () => {
      if (--this.#wanted === 0) clearTimeout(this.#timer);
    };
  }

  async #again(): Promise<void> {
    await this.report().catch(() => undefined);
    clearTimeout(this.#timer);
    if (this.#wanted > 0)
      this.#timer = setTimeout(() => void this.#again(), EVERY * (0.9 + Math.random() / 5));
  }

  #is(said: OwnDevice): void {
    this.said = said;
    this.asked = true;
    servedBuild.told(said.served);
    rememberDevice(said);
  }
}

export const thisDevice = new ThisDevice();
