import type { Box } from './types.ts';

export type Colour = 'yellow' | 'green' | 'blue' | 'pink' | 'red' | 'black';

/** Places are parts (0 … 1) of the page's width and height; an ink's `size` is a part of its width. */
export interface NoteBody {
  x: number;
  y: number;
  text: string;
  color: Colour;
}
export interface HighlightBody {
  rects: Box[];
  text: string;
  color: Colour;
}
export interface InkBody {
  points: [x: number, y: number, pressure: number][];
  color: Colour;
  size: number;
}

interface Placed {
  /** UUID made by the device that wrote it first. */
  id: string;
  paper_id: number;
  version_id: number;
  page: number;
  /** ISO 8601, by the clock of the device that wrote it. */
  written_at: string;
}

export type Content =
  | { kind: 'note'; body: NoteBody | null }
  | { kind: 'highlight'; body: HighlightBody | null }
  | { kind: 'ink'; body: InkBody | null };

/** As it lies on this device. A null body: deleted here, the server not yet told. */
export type Annotation = Placed &
  Content & {
    /** The server's revision this was made from; 0 where the server has none. */
    revision: number;
    /** How often it was changed here since the server last agreed; 0: synced. */
    edits: number;
    /** The server will not have it, and says why. */
    refused?: { vi: string; en: string };
  };

/** As the server sends it. */
export type RemoteAnnotation = Placed & Content & { revision: number; seq: number };
