import type { Token } from './tokens.js';

/** Reads the token at `i` and perhaps its followers, setting `spoken` on each; returns how many were read, 0 for none. */
export type Rule = (tokens: readonly Token[], i: number) => number;

export const DIGITS = /^\d+$/;

/** The core of the token at `i`, unless the token before ends in a pause that separates the two. */
export function following(tokens: readonly Token[], i: number): string {
  const before = tokens[i - 1];
  return before !== undefined && before.pause !== '' ? '' : (tokens[i]?.core ?? '');
}

/** The core of the token before `i`, unless a pause separates the two. */
export function preceding(tokens: readonly Token[], i: number): string {
  const token = tokens[i - 1];
  return token === undefined || token.pause !== '' ? '' : token.core;
}

export const isYearToken = (core: string | undefined) => core !== undefined && /^(?:1[1-9]|20)\d\d$/.test(core);

/** An abbreviation's own full stop ends a sentence only before a capital or at the end of the text. */
export function endAbbreviation(tokens: readonly Token[], i: number): void {
  const token = tokens[i]!;
  const next = tokens[i + 1];
  if (token.pause === '.' && token.dotted && next !== undefined && !/^[A-Z]/.test(next.core)) token.pause = '';
}
