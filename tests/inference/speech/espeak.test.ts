import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { visemesOf } from '../../../src/inference/avatar/motion/visemes.js';
import { alignWords } from '../../../src/inference/speech/espeak-align.js';
import { pronounceForeign } from '../../../src/inference/speech/espeak-g2p.js';
import { EspeakProcess, hasEspeak } from '../../../src/inference/speech/espeak-process.js';
import { fromEspeak } from '../../../src/inference/speech/espeak-symbols.js';
import { foreignWords } from '../../../src/inference/speech/espeak-text.js';
import { voiceFor, voiceLanguage } from '../../../src/inference/speech/kokoro-languages.js';
import { KOKORO_VOCABULARY } from '../../../src/inference/speech/kokoro-vocabulary.js';

const folder = mkdtempSync(join(tmpdir(), 'espeak-'));
afterAll(() => rmSync(folder, { recursive: true }));

function command(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('fromEspeak', () => {
  it.each([
    ['t^ʃinkwˈanta', 'ʧinkwˈanta'],
    ['bɔ̃ʒˈuʁ', 'bɔ\u0303ʒˈuʁ'],
    ['œ̃ (en)wˈiːkˈɛnd(fr)', 'œ\u0303 wˈiːkˈɛnd'],
    ['nˈɐ̃^ʊ̃', 'nˈɐ\u0303ʊ\u0303'],
    ['aɡ.a, b!', 'aɡa b'],
  ])('reads %s as %s', (ipa, symbols) => {
    expect(fromEspeak(ipa)).toBe(symbols);
  });

  it('yields only symbols that Kokoro knows', () => {
    for (const symbol of fromEspeak('ʀɦɱɫ ʑɭʉɵ ꜜ‿ gχ')) expect(KOKORO_VOCABULARY.has(symbol)).toBe(true);
  });
});

describe('alignWords', () => {
  it('gives words that have grown together their own parts', () => {
    expect(alignWords('ˌaːpkˌi mədəd', ['ˈaːp', 'kˈiː', 'mˈədəd'])).toEqual(['ˌaːp', 'kˌi', 'mədəd']);
  });

  it('gives a liaison to the word that it ends', () => {
    expect(alignWords('lez ɑ̃fˈɑ̃', ['le', 'ɑ̃fˈɑ̃'])).toEqual(['lez', 'ɑ̃fˈɑ̃']);
  });

  it('keeps several spoken words of one written word together', () => {
    expect(alignWords('ˈel bˌe θˈinko poɾ aˈi', ['ˈel', 'bˈe θˈinko poɾ', 'aˈi'])).toEqual([
      'ˈel',
      'bˌe θˈinko poɾ',
      'aˈi',
    ]);
  });

  it('loses nothing of the phrase', () => {
    const phrase = 'kwˌɛlla kˈasa nˈwɔva';
    expect(alignWords(phrase, ['kwˈel', 'kˈaza', 'bjˈanka']).join(' ')).toBe(phrase);
  });
});

describe('foreignWords', () => {
  const spoken = (text: string, language: 'es' | 'fr' | 'it' | 'pt' | 'hi') =>
    foreignWords(text, language).map(({ written, say, pause }) => [written, say, pause]);

  it('joins French punctuation and sums to their words', () => {
    expect(spoken('Ça coûte 12,50 € ?', 'fr')).toEqual([
      ['Ça', 'Ça', ''],
      ['coûte', 'coûte', ''],
      ['12,50 € ?', '12 euros 50', '?'],
    ]);
  });

  it('does not stop after a short form', () => {
    const pauses = spoken('El Sr. A. López y EE.UU. etc. Fin.', 'es').map(([, , pause]) => pause);
    expect(pauses).toEqual(['', '.', '', '', '', '', '.', '.']);
    expect(spoken('M. Martin arrive.', 'fr')).toEqual([
      ['M.', 'monsieur', ''],
      ['Martin', 'Martin', ''],
      ['arrive.', 'arrive', '.'],
    ]);
  });

  it('shows everything that was written exactly once', () => {
    const text = '¿Qué tal? — Bien («muy bien»), gracias… 100 % ¡sí!';
    expect(
      foreignWords(text, 'es')
        .map(({ written }) => written)
        .join(' '),
    ).toBe(text);
  });

  it('ends a Hindi sentence at its danda', () => {
    expect(spoken('हाँ।', 'hi')).toEqual([['हाँ।', 'हाँ', '.']]);
  });

  it.each(['', '…', '---', '🙂'])('says nothing of %j', (text) => {
    expect(foreignWords(text, 'it')).toEqual([]);
  });
});

describe('EspeakProcess', () => {
  it('says how to install what is missing', async () => {
    const espeak = new EspeakProcess('es', { command: join(folder, 'none') });
    await expect(espeak.pronounce(['hola'])).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('apt-get install espeak-ng'),
    });
  });

  it('tells lines apart that come back as several or none, in the order of the requests', async () => {
    const path = command(
      'several',
      'while read -r line; do case "$line" in two) echo a; echo b;; none) ;; *) echo "$line";; esac; done',
    );
    const espeak = new EspeakProcess('es', { command: path });
    const answers = await Promise.all([espeak.pronounce(['two', 'none', 'x']), espeak.pronounce(['y'])]);
    espeak.close();
    expect(answers).toEqual([['a b', '', 'x'], ['y']]);
  });

  it('starts another process after one that died', async () => {
    const path = command('dies', 'read -r line; echo "$line"; read -r line; exit 3');
    const espeak = new EspeakProcess('es', { command: path });
    for (let i = 0; i < 2; i++)
      await expect(espeak.pronounce(['hola'])).rejects.toMatchObject({
        code: 'engine-failed',
        message: 'espeak-ng ended (3)',
      });
    espeak.close();
  });

  it('gives up one that does not answer', async () => {
    const espeak = new EspeakProcess('es', { command: command('hangs', 'exec sleep 60'), limitMs: 50 });
    await expect(espeak.pronounce(['hola'])).rejects.toMatchObject({ code: 'engine-failed' });
    espeak.close();
  });

  it('does not begin what is aborted', async () => {
    const espeak = new EspeakProcess('es', { command: join(folder, 'none') });
    await expect(espeak.pronounce(['hola'], { signal: AbortSignal.abort() })).rejects.toThrow('abort');
  });
});

describe.skipIf(!hasEspeak())('pronounceForeign with espeak-ng', () => {
  it.each([
    ['es', '¿Dónde está la estación? Cuesta 3,50 €.'],
    ['fr', 'Y a-t-il un week-end libre à 18 h 30 ?'],
    ['it', 'Gli gnocchi costano 12 euro, dott. Rossi.'],
    ['pt', 'A reunião não é às 15h30, João.'],
    ['hi', 'मैं आपकी मदद कर सकती हूँ।'],
  ] as const)('gives every word of %s symbols that voice and mouth know', async (language, text) => {
    const espeak = new EspeakProcess(language);
    const words = [];
    for await (const word of pronounceForeign(foreignWords(text, language), espeak)) words.push(word);
    espeak.close();
    expect(words.map(({ word }) => word.written).join(' ')).toBe(text);
    for (const { symbols } of words) {
      expect(symbols).not.toBe('');
      for (const symbol of symbols) {
        expect(KOKORO_VOCABULARY.has(symbol), symbol).toBe(true);
        expect(visemesOf(symbol).length).toBeGreaterThan(0);
      }
    }
  });
});

describe('voices', () => {
  it('speak the language that their name says', () => {
    expect(
      ['af_heart', 'bm_lewis', 'ef_dora', 'ff_siwis', 'hm_psi', 'if_sara', 'pm_alex', 'jf_alpha'].map(voiceLanguage),
    ).toEqual(['en', 'en', 'es', 'fr', 'hi', 'it', 'pt', 'en']);
  });

  it('are chosen by language, then by sex', () => {
    const installed = ['af_heart', 'ef_dora', 'em_alex', 'ff_siwis'];
    expect(voiceFor('es', installed, 'am_puck')).toBe('em_alex');
    expect(voiceFor('fr', installed, 'am_puck')).toBe('ff_siwis');
    expect(voiceFor('it', installed, 'am_puck')).toBeUndefined();
    expect(voiceFor('es', installed, 'ef_dora')).toBe('ef_dora');
  });
});
