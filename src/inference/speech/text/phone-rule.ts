import { cardinal, digitWords } from './numbers.js';
import { preceding, type Rule } from './rules.js';

const PHONE = /^(?:\+?\d{1,3}[-.])?(?:\d{3}[-.])?\d{3}[-.]\d{4}$/;
const GROUP = /^\d{2,5}(?:[-.]\d{2,5})*$/;

function phoneGroups(text: string): string[] {
  const groups = text.split(/\D+/).filter((g) => g !== '');
  const spoken = groups.flatMap((g, i) => [
    ...(i > 0 ? [','] : []),
    ...(/^[1-9]00$/.test(g) && groups.length > 2 ? cardinal(g) : digitWords(g)),
  ]);
  return text.startsWith('+') ? ['plus', ...spoken] : spoken;
}

/** Telephone numbers, digit by digit in their written groups: (555) 123-4567, +44 20 7946 0958, 1-800-555-0199. */
export const phone: Rule = (tokens, i) => {
  const first = tokens[i]!;
  const context = preceding(tokens, i).toLowerCase();
  if (PHONE.test(first.core) && (first.core.match(/\d/g)!.length > 7 || !/^(?:19|20)\d\d/.test(first.core))) {
    first.spoken = phoneGroups(first.core);
    return 1;
  }
  const isPlus = /^\+\d{1,3}$/.test(first.core) || /^\+\d{1,3}[-.]\d/.test(first.core);
  const isArea = /\((?:\d{3,5})\)/.test(first.written);
  const isCalled =
    /^(?:call|phone|dial|tel|telephone|mobile|fax|text|at|number|is|whatsapp|line|hotline)$/.test(context) &&
    /^\d{3,5}$/.test(first.core);
  if (!isPlus && !isArea && !isCalled) return 0;
  let count = 1;
  while (
    count < 7 &&
    GROUP.test(tokens[i + count]?.core ?? '') &&
    (tokens[i + count - 1]!.pause === '' || (count === 1 && isArea) || /\)$/.test(tokens[i + count - 1]!.written))
  )
    count++;
  const total = tokens
    .slice(i, i + count)
    .map((t) => t.core)
    .join('')
    .replace(/\D/g, '').length;
  if (total < 7 || total > 16 || (count === 1 && !isPlus)) return 0;
  for (let k = 0; k < count; k++) {
    tokens[i + k]!.spoken = phoneGroups(tokens[i + k]!.core);
    if (k < count - 1) tokens[i + k]!.pause = ',';
  }
  return count;
};
