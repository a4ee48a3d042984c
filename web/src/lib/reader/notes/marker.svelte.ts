import { notebook } from './notebook.svelte.ts';
import type { Annotation, Colour, Content } from '#lib/papers/annotations.ts';

/** What a touch of the page does: read, or write into it. */
export type Tool = 'read' | 'highlight' | 'ink' | 'erase' | 'note';

interface Step {
  note: Annotation;
  before: Annotation['body'];
}

/** Thin, middle and thick, as parts of the page's width. */
export const sizes = { thin: 0.0032, middle: 0.0055, thick: 0.011 } as const;
export type Size = keyof typeof sizes;

const remembered = 100;

/** The tools in hand: which, in what colour, and the way back. */
export class Marker {
  tool = $state<Tool>('read');
  markerColour = $state<Colour>('yellow');
  penColour = $state<Colour>('blue');
  size = $state<Size>('middle');
  /** A pen was used: fingers and the palm then only move the page. */
  penSeen = $state(false);
  /** The note or highlight that is open for writing. */
  open = $state<string>();
  #steps = $state.raw<Step[]>([]);

  get drawing(): boolean {
    return this.tool !== 'read';
  }

  get canUndo(): boolean {
    return this.#steps.length > 0;
  }

  take(tool: Tool): void {
    this.tool = this.tool === tool ? 'read' : tool;
  }

  add(place: { paper_id: number; version_id: number; page: number }, content: Content): Annotation {
    const note = notebook.add(place, content);
    this.#remember({ note, before: null });
    return note;
  }

  write(note: Annotation, body: Annotation['body']): void {
    this.#remember({ note, before: note.body });
    notebook.write(note, body);
  }

  /** Takes the last change back. */
  undo(): void {
    const last = this.#steps.at(-1);
    if (!last) return;
    this.#steps = this.#steps.slice(0, -1);
    if (this.open === last.note.id && last.before === null) this.open = undefined;
    notebook.write(last.note, last.before);
  }

  #remember(step: Step): void {
    this.#steps = [...this.#steps.slice(-remembered), step];
  }
}
