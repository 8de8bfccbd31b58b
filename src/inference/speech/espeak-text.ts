/** Text of languages other than English as words to be pronounced by espeak-ng, which reads numbers and signs itself. */
import type { EspeakLanguage } from './kokoro-languages.js';
import { CELL_MARK, STOP_MARK, stripMarkup } from './text/markup.js';
import type { PauseMark } from './text/tokens.js';

export interface ForeignWord {
  /** As captions show it. */
  written: string;
  /** What espeak-ng is given; empty where nothing is to be said. */
  say: string;
  opens: boolean;
  pause: PauseMark;
}

type Rewriting = readonly [RegExp, string];

/** Short forms that espeak-ng 1.51 spells or swallows, in full; lower case, without the last full stop. */
const IN_FULL: Readonly<Record<EspeakLanguage, Readonly<Record<string, string>>>> = {
  es: {
    pág: 'página',
    núm: 'número',
    etc: 'etcétera',
    ud: 'usted',
    uds: 'ustedes',
    avda: 'avenida',
    aprox: 'aproximadamente',
    tel: 'teléfono',
    prof: 'profesor',
    srta: 'señorita',
    'ee.uu': 'Estados Unidos',
    'p.ej': 'por ejemplo',
    'a.m': 'de la mañana',
    'p.m': 'de la tarde',
  },
  fr: {
    m: 'monsieur',
    mm: 'messieurs',
    mme: 'madame',
    mlle: 'mademoiselle',
    dr: 'docteur',
    pr: 'professeur',
    etc: 'et cetera',
    av: 'avenue',
    bd: 'boulevard',
    env: 'environ',
    tél: 'téléphone',
    'p.ex': 'par exemple',
    'c.-à-d': 'c’est-à-dire',
  },
  hi: { डॉ: 'डॉक्टर', 'कि.मी': 'किलोमीटर', रु: 'रुपये' },
  it: {
    dott: 'dottor',
    'dott.ssa': 'dottoressa',
    sig: 'signor',
    'sig.ra': 'signora',
    prof: 'professor',
    'prof.ssa': 'professoressa',
    ing: 'ingegner',
    avv: 'avvocato',
    ecc: 'eccetera',
    pag: 'pagina',
    tel: 'telefono',
    es: 'esempio',
    'p.es': 'per esempio',
  },
  pt: {
    dr: 'doutor',
    dra: 'doutora',
    sr: 'senhor',
    sra: 'senhora',
    prof: 'professor',
    profa: 'professora',
    av: 'avenida',
    etc: 'etcétera',
    pág: 'página',
    tel: 'telefone',
    'p.ex': 'por exemplo',
    nº: 'número',
  },
};

/** Times and sums of money as they are said. Word by word, where espeak-ng would name the comma or the letter. */
const REWRITINGS: Readonly<Record<EspeakLanguage, readonly Rewriting[]>> = {
  es: [
    [/^(\d{1,2}):00$/, '$1 en punto'],
    [/^(\d{1,2}):(\d{2})(?:\s?h)?$/, '$1 y $2'],
    [/^([\d.]+),(\d{2})\s?€$/, '$1 euros con $2'],
    [/^([\d.]+)\s?€$/, '$1 euros'],
    [/^\$\s?([\d.,]+)$/, '$1 dólares'],
  ],
  fr: [
    [/^(\d{1,2})(?:\s?h\s?|:)(?:00)?$/, '$1 heures'],
    [/^(\d{1,2})(?:\s?h\s?|:)(\d{2})$/, '$1 heures $2'],
    [/^([\d ]+),(\d{2})\s?€$/, '$1 euros $2'],
    [/^([\d ]+)\s?€$/, '$1 euros'],
    [/^\$\s?([\d.,]+)$/, '$1 dollars'],
  ],
  hi: [
    [/^(\d{1,2}):00$/, '$1 बजे'],
    [/^₹\s?([\d.,]+)$/, '$1 रुपये'],
  ],
  it: [
    [/^(\d{1,2})[:.]00$/, '$1 in punto'],
    [/^(\d{1,2}):(\d{2})$/, '$1 e $2'],
    [/^([\d.]+),(\d{2})\s?€$/, '$1 euro e $2'],
    [/^([\d.]+)\s?€$/, '$1 euro'],
    [/^\$\s?([\d.,]+)$/, '$1 dollari'],
  ],
  pt: [
    [/^(\d{1,2})(?:h|:)(?:00)?$/, '$1 horas'],
    [/^(\d{1,2})(?:h|:)(\d{2})$/, '$1 horas e $2'],
    [/^R\$\s?([\d.]+),(\d{2})$/, '$1 reais e $2 centavos'],
    [/^R\$\s?([\d.]+)$/, '$1 reais'],
    [/^([\d.]+),(\d{2})\s?€$/, '$1 euros e $2'],
    [/^([\d.]+)\s?€$/, '$1 euros'],
  ],
};

const OPENERS = /^[([{"'“”„‘«‹¿¡–—-]+(?=.)/u;
const CLOSERS = /[)\]}"'“”’»›,;:.!?…।—–\ue000\ue001]+$/u;
/** Stronger marks win where several meet. */
const STRENGTH: readonly PauseMark[] = ['', ',', '—', ':', ';', '…', '.', '!', '?'];
/** Longer pieces are noise (a hash, a data URL). */
const MAX_WORD_LENGTH = 64;

/**
 * The words of `text` without its markup; joined by blanks, their `written` parts are that text. Punctuation that stands alone, as before
 * French question marks, belongs to the word before it. A full stop after a short form or an initial is no pause.
 */
export function foreignWords(text: string, language: EspeakLanguage): ForeignWord[] {
  const pieces = joined(
    stripMarkup(text)
      .split(' ')
      .filter((piece) => piece !== ''),
  );
  const words: ForeignWord[] = [];
  pieces.forEach((piece, i) => {
    const word = readPiece(piece, language, pieces[i + 1]);
    const before = words.at(-1);
    if (word.say !== '' || before === undefined) {
      if (before?.say === '') {
        word.written = `${before.written} ${word.written}`;
        words.pop();
      }
      words.push(word);
      return;
    }
    before.written += ` ${word.written}`;
    if (STRENGTH.indexOf(word.pause) > STRENGTH.indexOf(before.pause)) before.pause = word.pause;
  });
  return words.filter((word) => word.say !== '');
}

/** A number and its sign are one word: "3,50 €", "18 h 30", "R$ 20", "1 500" stays two. */
function joined(pieces: readonly string[]): string[] {
  const out: string[] = [];
  for (const piece of pieces) {
    const before = out.at(-1);
    const isUnit = before !== undefined && /\d$/.test(before) && /^(?:[€%$£]|h)[.,;:!?]*$/.test(piece);
    const isMinutes = before !== undefined && /^\d{1,2} h$/.test(before) && /^\d{2}[.,;:!?]*$/.test(piece);
    const isAmount = before !== undefined && /^[¿¡("«]*(?:R\$|[$€£₹])$/.test(before) && /^\d/.test(piece);
    if (isUnit || isMinutes || isAmount) out[out.length - 1] = `${before} ${piece}`;
    else out.push(piece);
  }
  return out;
}

function readPiece(piece: string, language: EspeakLanguage, next: string | undefined): ForeignWord {
  const written = piece.replaceAll(STOP_MARK, '').replaceAll(CELL_MARK, '');
  const opening = OPENERS.exec(piece)?.[0] ?? '';
  const body = piece.slice(opening.length);
  const closing = CLOSERS.exec(body)?.[0] ?? '';
  const core = body.slice(0, body.length - closing.length).slice(0, MAX_WORD_LENGTH);
  const opens = /[([{–—-]/.test(opening);
  const pause = pauseOf(closing);
  if (!/[\p{L}\p{N}\p{S}@&%]/u.test(core)) return { written, say: '', opens: false, pause: pauseOf(piece) };
  const key = core.toLowerCase();
  const full = IN_FULL[language][key];
  const isShort = closing.startsWith('.') && (full !== undefined || /^(?:\p{L}\.)*\p{Lu}$/u.test(core));
  const isOver = next === undefined || (/^(?:etc|ecc|[ap]\.m)$/.test(key) && /^[¿¡"«“]*\p{Lu}/u.test(next));
  const rest = isShort && !isOver ? pauseOf(closing.slice(1)) : pause;
  const say = isShort || key === 'mme' || key === 'mlle' || key === 'nº' ? (full ?? core) : rewritten(core, language);
  return { written, say, opens, pause: rest };
}

function rewritten(core: string, language: EspeakLanguage): string {
  for (const [pattern, said] of REWRITINGS[language]) if (pattern.test(core)) return core.replace(pattern, said);
  return core;
}

function pauseOf(marks: string): PauseMark {
  if (marks.includes('?')) return '?';
  if (marks.includes('!')) return '!';
  if (/…|\.{2,}/.test(marks)) return '…';
  if (/[.।\ue000]/.test(marks)) return '.';
  if (marks.includes(';')) return ';';
  if (marks.includes(':')) return ':';
  if (/[—–]/.test(marks)) return '—';
  return /[,\ue001]/.test(marks) ? ',' : '';
}
