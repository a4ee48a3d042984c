import type { LinkFigures, LinkRating } from '#lib/live/types.ts';
import { m } from '#lib/paraglide/messages.js';
import { number } from '#lib/text/format.ts';

const GOOD_RATE = 1_200_000;

/** Below this a face moves in jerks, whatever the packets say. Frames a second; 0 is a point nobody watches. */
const FEW_FRAMES = 10;

/** The one rating of a line that every place shows: what the server found (`weak`), the figures, and whether the picture moves. */
export function ratingOf(figures: LinkFigures, weak: boolean): LinkRating {
  if (figures.rating === 'bad') return 'bad';
  const jerky = figures.fps > 0 && figures.fps < FEW_FRAMES;
  return weak || jerky ? 'weak' : figures.rating;
}

/** A line in words: "Đường truyền tốt. Trễ 12 ms, 25 hình/giây." */
export function lineWords(figures: LinkFigures | undefined, weak: boolean): string {
  if (!figures) return weak ? `${m.hall_line_weak()}.` : m.line_unknown();
  const silent = typeof figures.rtt_ms !== 'number' && figures.fps === 0;
  // Nothing is measured on a line that was cut a moment ago: that is no good line.
  if (silent && ratingOf(figures, weak) === 'good') return m.line_unknown();
  const words = { good: m.hall_line_good, weak: m.hall_line_weak, bad: m.hall_line_bad };
  const rating = words[ratingOf(figures, weak)]();
  const parts = [];
  if (typeof figures.rtt_ms === 'number') parts.push(m.line_delay({ ms: Math.round(figures.rtt_ms) }));
  if (figures.fps > 0) parts.push(m.line_frames({ fps: Math.round(figures.fps) }));
  return parts.length > 0 ? `${rating}. ${parts.join(', ')}.` : `${rating}.`;
}

/** The figures an operator reads, each with its name; shares in percent, rates in Mbit/s or kbit/s. */
export function lineFigures(figures: LinkFigures): { name: string; value: string; bad: boolean }[] {
  const percent = (share: number) => `${number(share * 100, 1)}%`;
  const rate = (bits: number) =>
    bits >= GOOD_RATE ? `${number(bits / 1e6, 1)} Mbit/s` : `${number(bits / 1000, 0)} kbit/s`;
  return [
    {
      name: m.figure_delay(),
      value: typeof figures.rtt_ms === 'number' ? `${Math.round(figures.rtt_ms)} ms` : '–',
      bad: (figures.rtt_ms ?? 0) > 400,
    },
    { name: m.figure_loss_up(), value: percent(figures.loss_up), bad: figures.loss_up > 0.05 },
    { name: m.figure_loss_down(), value: percent(figures.loss_down), bad: figures.loss_down > 0.05 },
    { name: m.figure_rate(), value: rate(figures.bitrate_up), bad: false },
    {
      name: m.figure_frames(),
      value: String(Math.round(figures.fps)),
      bad: figures.fps > 0 && figures.fps < FEW_FRAMES,
    },
  ];
}

/** Loudness of a level in -dBov (0 loudest … 127 silent) as 0 … 1, from -60 dB. */
export const loudness = (level: number | null | undefined): number =>
  level === null || level === undefined ? 0 : Math.max(0, 1 - level / 60);
