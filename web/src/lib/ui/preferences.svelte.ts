/** What this person chose for this device: theme of the desk, size of type. Kept in the browser. */
export type Theme = 'auto' | 'day' | 'night';

const key = 'nhipcau.preferences';
/** The build looks at every file once where there is no window. */
const dark = 'matchMedia' in globalThis ? matchMedia('(prefers-color-scheme: dark)') : undefined;

class Preferences {
  theme = $state<Theme>('auto');
  largeType = $state(false);
  #dark = $state(dark?.matches ?? false);

  constructor() {
    try {
      const kept = JSON.parse(localStorage.getItem(key) ?? '{}') as { theme?: Theme; largeType?: boolean };
      this.theme = kept.theme ?? 'auto';
      this.largeType = kept.largeType ?? false;
    } catch {
      // Private windows may refuse storage; the defaults serve.
    }
    dark?.addEventListener('change', (event) => {
      this.#dark = event.matches;
    });
  }

  get night(): boolean {
    return this.theme === 'night' || (this.theme === 'auto' && this.#dark);
  }

  set(change: { theme?: Theme; largeType?: boolean }): void {
    if (change.theme !== undefined) this.theme = change.theme;
    if (change.largeType !== undefined) this.largeType = change.largeType;
    try {
      localStorage.setItem(key, JSON.stringify({ theme: this.theme, largeType: this.largeType }));
    } catch {
      // As above: it holds until the page is closed.
    }
  }
}

export const preferences = new Preferences();
