import { m } from '#lib/paraglide/messages.js';
import type { Colour } from '#lib/papers/annotations.ts';

/** The colours one marks with; each has a name, for who tells colours apart with difficulty. */
export const markers: Colour[] = ['yellow', 'green', 'blue', 'pink'];
export const pens: Colour[] = ['black', 'blue', 'red', 'green'];

const inks: Record<Colour, string> = {
  yellow: '#f2c200',
  green: '#1f8a55',
  blue: '#1f62c0',
  pink: '#c9447f',
  red: '#c3342b',
  black: '#1c2433',
};
/** As a highlighter leaves them: light, so that the words stay dark on them. */
const washes: Record<Colour, string> = {
  yellow: '#ffe27a',
  green: '#b5ebc6',
  blue: '#b9dcff',
  pink: '#ffc9de',
  red: '#ffc9c4',
  black: '#d5d8de',
};

/** On the dark page of the night theme. */
const nightInks: Record<Colour, string> = {
  yellow: '#ffd84d',
  green: '#5fd39b',
  blue: '#7fb2f0',
  pink: '#f08fb8',
  red: '#ff8d86',
  black: '#f0f2f6',
};

export const inkOf = (colour: Colour, night = false) => (night ? nightInks : inks)[colour] ?? inks.black;
export const washOf = (colour: Colour) => washes[colour] ?? washes.yellow;

export function colourWord(colour: Colour): string {
  const words: Record<Colour, () => string> = {
    yellow: m.reader_colour_yellow,
    green: m.reader_colour_green,
    blue: m.reader_colour_blue,
    pink: m.reader_colour_pink,
    red: m.reader_colour_red,
    black: m.reader_colour_black,
  };
  return words[colour]?.() ?? colour;
}
