/** Runs of digits as they are written ("4111 1111", "(212) 555-0100") and said ("four one double one", "oh seven nine"). */

export interface DigitGroup {
  digits: string;
  start: number;
  end: number;
}

export interface DigitRun {
  groups: DigitGroup[];
  start: number;
  end: number;
}

const WORDS: Record<string, string> = {
  ...{ zero: '0', oh: '0', o: '0', nought: '0', one: '1', two: '2', three: '3', four: '4', five: '5', six: '6' },
  ...{ seven: '7', eight: '8', nine: '9', null: '0', eins: '1', zwei: '2', zwo: '2', drei: '3', vier: '4', fünf: '5' },
  ...{ sechs: '6', sieben: '7', acht: '8', neun: '9' },
};
const REPEATS: Record<string, number> = { double: 2, triple: 3, treble: 3 };
/** What may stand between two groups of one number. */
const BETWEEN = /^[\s.,\-–/()]{0,4}$/u;
const TOKEN = /[\p{L}]+|\d+/gu;

/** Every run of digits in the text; words count from the third in a row on, since "one or two" is no number to hide. */
export function digitRuns(text: string): DigitRun[] {
  const runs: DigitRun[] = [];
  let groups: DigitGroup[] = [];
  let repeat: { times: number; start: number } | undefined;
  const end = () => {
    const first = groups[0];
    const last = groups.at(-1);
    if (first !== undefined && last !== undefined) runs.push({ groups, start: first.start, end: last.end });
    groups = [];
  };
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    const last = groups.at(-1);
    const from = repeat?.start ?? index;
    if (last !== undefined && !BETWEEN.test(text.slice(last.end, from))) end();
    const word = token.toLowerCase();
    const digits = /^\d/.test(token) ? token : WORDS[word];
    const times = REPEATS[word];
    if (digits === undefined && times === undefined) {
      repeat = undefined;
      end();
    } else if (times !== undefined) repeat = { times, start: index };
    else if (digits !== undefined) {
      groups.push({ digits: digits.repeat(repeat?.times ?? 1), start: from, end: index + token.length });
      repeat = undefined;
    }
  }
  end();
  return runs;
}
