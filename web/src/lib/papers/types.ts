/** A meeting's papers as a reader gets them; the shapes are generated from the server's models (`make api`). */
import type { components } from '#lib/api/schema.ts';

type Schemas = components['schemas'];

export type Library = Schemas['Library'];
export type Paper = Schemas['PaperOut'];
export type PaperState = Paper['state'];
export type Version = Schemas['VersionOut'];
export type PaperSignature = Schemas['SignatureOut'];
/** Something the server says in both languages. */
export type Sentence = Schemas['ProblemOut'];
/** Everything about one version but its pages' content. */
export type VersionHead = Schemas['VersionFull'];
export type PageText = Schemas['PageText'];
/** [x, y, width, height, words]; places are parts (0 … 1) of the page. */
export type TextLine = PageText['lines'][number];
/** What is known of the own reading of a version. */
export type OwnReceipt = Schemas['OwnReceipt'];

/** A rectangle on a page, in parts of it. */
export type Box = [x: number, y: number, width: number, height: number];

export type PictureWidth = 900 | 1800;

/** Who reads, drawn over every page. */
export interface Reader {
  name: string;
  unit: string;
}
