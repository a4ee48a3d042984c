import { preferences } from '#lib/ui/preferences.svelte.ts';
import { clamped, stepped, type Fit } from './strip.ts';

/** How this person likes to read on this device. Kept in the browser. */
export type Mode = 'scroll' | 'single';

interface Kept {
  mode: Mode;
  fit: Fit;
  zoom: number;
  flow: boolean;
  textSize: number;
}

const key = 'nhipcau.reader';
export const smallestText = 1.25;
export const largestText = 2.75;
const textStep = 0.25;

class View {
  mode = $state<Mode>('scroll');
  fit = $state<Fit>('easy');
  /** Of `fit` "free": 1 is the paper's own size. */
  zoom = $state(1);
  /** Large type: the words as flowing text, instead of the page's picture. */
  flow = $state(preferences.largeType);
  /** In rem. */
  textSize = $state(1.5);

  constructor() {
    try {
      const kept = JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Kept>;
      this.mode = kept.mode ?? this.mode;
      this.fit = kept.fit ?? this.fit;
      this.zoom = clamped(kept.zoom ?? 1);
      this.flow = kept.flow ?? this.flow;
      this.textSize = kept.textSize ?? this.textSize;
    } catch {
      // Storage is closed: the defaults serve.
    }
  }

  set(change: Partial<Kept>): void {
    Object.assign(this, change);
    const { mode, fit, zoom, flow, textSize } = this;
    try {
      localStorage.setItem(key, JSON.stringify({ mode, fit, zoom, flow, textSize }));
    } catch {
      // It holds until the page is closed.
    }
  }

  zoomTo(zoom: number): void {
    this.set({ fit: 'free', zoom: clamped(zoom) });
  }

  /** Larger or smaller by a step: the page, or the letters in large type. `now` is the zoom on screen. */
  step(direction: 1 | -1, now: number): void {
    if (!this.flow) return this.zoomTo(stepped(now, direction));
    const size = this.textSize + direction * textStep;
    this.set({ textSize: Math.min(Math.max(size, smallestText), largestText) });
  }
}

export const view = new View();
