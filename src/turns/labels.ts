/** Texts beside marks on a line, so that none runs into another. Pure. */

/** Of a text in 11 px of a sans-serif face; CJK letters take a whole square. */
export function textWidth(text: string): number {
  let width = 0;
  for (const letter of text) width += /[\u1100-\uffdc]/u.test(letter) ? 11 : /[A-Z@mwMW]/.test(letter) ? 7.6 : 5.9;
  return width;
}

const SPACE = 8;
/** Less of a text says nothing. */
const LEAST_LETTERS = 3;

/**
 * Gives each label the first of `lanes` that is free at its place, and shortens it to what is left before `right` and before the next label
 * that can go nowhere else. One for which nothing is free keeps its mark and loses its text.
 */
export function placeLabels<T extends { x: number; text: string }>(
  labels: readonly T[],
  lanes: number,
  right: number,
): (T & { lane: number })[] {
  const ends = new Array<number>(lanes).fill(Number.NEGATIVE_INFINITY);
  return labels.map((label, index) => {
    const lane = ends.findIndex((end) => end <= label.x);
    if (lane < 0) return { ...label, lane: lanes - 1, text: '' };
    const limit = Math.min(right, (labels[index + lanes]?.x ?? Number.POSITIVE_INFINITY) - SPACE);
    const text = fitted(label.text, limit - label.x);
    ends[lane] = label.x + (text === '' ? 2 : textWidth(text) + SPACE);
    return { ...label, lane, text };
  });
}

function fitted(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  const letters = [...text];
  while (letters.length > 0 && textWidth(`${letters.join('')}…`) > width) letters.pop();
  return letters.length < LEAST_LETTERS ? '' : `${letters.join('').trimEnd()}…`;
}
