import { digitWords } from './numbers.js';
import { spellable } from './words.js';

const TLD =
  'com|org|net|edu|gov|int|info|biz|dev|app|io|ai|co|me|tv|cc|xyz|tech|cloud|shop|store|online|site|live|chat|agency|studio|design|us|uk|ca|de|at|ch|fr|es|it|nl|be|eu|pl|se|no|dk|fi|ie|in|jp|cn|kr|au|nz|br|mx|ru|test|local|example';
const HOST = String.raw`(?:[a-z0-9](?:[a-z0-9-]{0,62})\.)+(?:${TLD})`;
const URL_PATTERN = new RegExp(
  String.raw`^(?:(https?|ftp|wss?):\/\/)?((?:www\.)?(?:${HOST}|localhost|\d{1,3}(?:\.\d{1,3}){3}))(?::(\d{2,5}))?((?:[/?#]\S*)?)$`,
  'i',
);
const ANY_SCHEME = /^(?:https?|ftp|wss?):\/\/([^\s/?#:]+)(?::(\d{2,5}))?([/?#]\S*)?$/i;
const EMAIL = /^(?:mailto:)?([\w.+-]{1,64})@([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,6})$/i;

/** Longest path that is spoken; what follows is left out, as people do. */
const MAX_PATH_WORDS = 12;

/** Words of one label of a host, of a path segment or of a mailbox name; runs that nobody can pronounce are spelled. */
function label(text: string): string[] {
  return text.split(/([._+~=&%-])/).flatMap((part) => {
    if (part === '.') return ['dot'];
    if (part === '-') return ['dash'];
    if (part === '_') return ['underscore'];
    if (part === '+') return ['plus'];
    return part
      .split(/(?<=\D)(?=\d)|(?<=\d)(?=\D)|(?<=[a-z])(?=[A-Z])/)
      .flatMap((run) => (/^\d+$/.test(run) ? digitWords(run) : run === '' ? [] : spellable(run)));
  });
}

function host(text: string): string[] {
  return text
    .toLowerCase()
    .replace(/^www\./, '')
    .split('.')
    .flatMap((part, i) => [
      ...(i > 0 ? ['dot'] : []),
      ...(i > 0 && /^(?:io|ai|tv|us|uk|ca|de|at|ch|fr|eu|au|nz|jp|cc)$/.test(part)
        ? [...part.toUpperCase()]
        : label(part)),
    ]);
}

/** E-mail address or web address as people say it: "visavis.dev/docs" → visavis dot dev slash docs. Undefined for anything else. */
export function webWords(core: string): string[] | undefined {
  const email = EMAIL.exec(core);
  if (email) return [...label(email[1]!), 'at', ...host(email[2]!)];
  const known = URL_PATTERN.exec(core);
  const foreign = known ? null : ANY_SCHEME.exec(core);
  if (!known && !foreign) return undefined;
  const [name, port, rest] = known
    ? [known[2]!, known[3], known[4] ?? '']
    : [foreign![1]!, foreign![2], foreign![3] ?? ''];
  // A bare "word.word" is an address only when it ends like one and is not a sentence without a blank ("done.In").
  if (
    known &&
    known[1] === undefined &&
    rest === '' &&
    port === undefined &&
    /\.(?:in|it|at|no|me|us|be|is|so|to|co|live|store|online|test)$/i.test(name) &&
    /\.[A-Z]/.test(name)
  )
    return undefined;
  const path = rest
    .replace(/[?#].*$/, '')
    .split('/')
    .filter((part) => part !== '');
  const tail = path.flatMap((part) => ['slash', ...label(decodeSafely(part))]);
  return [
    ...host(name),
    ...(port === undefined ? [] : ['port', ...digitWords(port)]),
    ...tail.slice(0, MAX_PATH_WORDS),
  ];
}

function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
