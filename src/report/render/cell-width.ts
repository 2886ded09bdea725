import { createRequire } from 'node:module';
import type stringWidthOf from 'string-width';

const ELLIPSIS = '...';

let stringWidth: typeof stringWidthOf | undefined;

/** Columns of a terminal that the text takes. Most answers are ASCII, and loading the package takes 10 ms. */
export function widthOf(text: string): number {
  if (isAscii(text)) return text.length;
  stringWidth ??= (createRequire(import.meta.url)('string-width') as { default: typeof stringWidthOf }).default;
  return stringWidth(text);
}

/** The text if it is at most `width` columns wide, else its beginning and its end with `...` between them. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  const characters = isAscii(text) ? [...text] : graphemes(text);
  const tail = Math.floor(width / 4);
  const start = takeWidth(characters, width - tail - ELLIPSIS.length);
  return `${start.join('')}${ELLIPSIS}${takeWidth(characters.reverse(), tail).reverse().join('')}`;
}

/** As many of the first characters as fit. */
function takeWidth(characters: readonly string[], width: number): string[] {
  let room = width;
  const end = characters.findIndex((character) => {
    room -= widthOf(character);
    return room < 0;
  });
  return end === -1 ? [...characters] : characters.slice(0, end);
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

function graphemes(text: string): string[] {
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}
