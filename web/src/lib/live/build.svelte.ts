import { dev, version } from '$app/env';

/**
 * Whether the server hands out another build than this page is of, as the live channel said at its last (re)connect: a
 * server that was renewed ends its sockets, so that pages which stand for weeks know at once and ask for nothing.
 */
class ServedBuild {
  other = $state(false);

  /** `served` is empty where the server has no pages of its own. */
  told(served: string): void {
    if (!dev && served !== '') this.other = served !== version;
  }
}

export const servedBuild = new ServedBuild();
