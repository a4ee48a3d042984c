import { m } from '#lib/paraglide/messages.js';
import type { Layout, Place, StageEntity } from '#lib/live/types.ts';

export const LAYOUTS: Layout[] = ['stage', 'stage-row', 'content-stage', 'grid-2', 'grid-3', 'grid-4'];

/** One picture on a hall's screen: the slot it comes from and who is in it. */
export interface Pane {
  slot: string;
  size: 'large' | 'small';
  /** Null where nobody is placed. */
  place: Place | null;
}

const ROW = 4;

/** How many small pictures a layout shows. */
export function tileCount(layout: Layout): number {
  switch (layout) {
    case 'stage-row':
      return ROW;
    case 'grid-2':
    case 'grid-3':
    case 'grid-4':
      return Number(layout.at(-1)) ** 2;
    default:
      return 0;
  }
}

/**
 * The layout as it is drawn: a shared screen or a presented page (`paper`) takes the large place without anybody pushing
 * it there, and gives it back when it ends. A grid stays a grid: somebody wants to see faces.
 */
export function shownLayout({ layout, content }: StageEntity, paper = false): Layout {
  if (content || paper) return layout.startsWith('grid') ? layout : 'content-stage';
  return layout === 'content-stage' ? 'stage' : layout;
}

/** Why a placed point has no picture, in words for everybody; undefined while one is to be expected. */
export function absence({ name, presence }: Place): string | undefined {
  if (presence === 'lost') return m.room_lost({ name });
  return presence === 'absent' ? m.room_absent({ name }) : undefined;
}

/**
 * Whom the hall on stage sees there instead of itself: who else has the floor, the oldest first, as the media node sends
 * it. Nobody in a grid, which shows everybody alike.
 */
export function facing(stage: StageEntity, own: number | undefined): Place | undefined {
  if (own === undefined || stage.stage?.point_id !== own || stage.layout.startsWith('grid')) return undefined;
  return stage.floor.find(({ point_id }) => point_id !== own);
}

/** The panes of a screen in reading order. A shared screen goes before a presented page, whose pane is `paper`. */
export function panesOf(stage: StageEntity, paper = false): Pane[] {
  const layout = shownLayout(stage, paper);
  const tiles = Array.from({ length: tileCount(layout) }, (_, index): Pane => ({
    slot: `tile-${index}`,
    size: 'small',
    place: stage.tiles[index] ?? null,
  }));
  const large: Pane = { slot: 'stage', size: 'large', place: stage.stage };
  // A grid is as large as those who are there: eleven boxes that say "nobody" leave five halls the size of stamps.
  const placed = tiles.filter(({ place }) => place !== null);
  if (layout.startsWith('grid')) return placed.length > 0 ? placed : tiles;
  if (layout === 'content-stage') {
    const { content } = stage;
    const place = content && { point_id: 0, name: content.name, speaker: '', presence: 'ready' as const };
    return [
      { slot: content || !paper ? 'content' : 'paper', size: 'large', place },
      { ...large, size: 'small' },
    ];
  }
  return [large, ...tiles];
}
