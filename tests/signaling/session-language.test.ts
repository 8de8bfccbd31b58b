import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.js';
import { VisavisError } from '../../src/errors.js';
import {
  engineFor,
  heardLanguage,
  type LanguageParts,
  requireSpeakable,
  spokenIn,
} from '../../src/signaling/session-language.js';
import { sessionVoice } from '../../src/signaling/session-voice.js';

const config = loadConfig({ VISAVIS_LANGUAGES: 'es,fr', VISAVIS_VOICES: 'es=em_alex' });
const english = loadConfig({});
const missing = new VisavisError('unavailable', 'model file whisper-base-encoder.onnx is missing');
const parts = (o: Partial<LanguageParts> = {}): LanguageParts => ({
  voices: () => ['af_heart', 'ef_dora', 'em_alex', 'ff_siwis'],
  espeak: () => true,
  whisper: () => undefined,
  ...o,
});
const avatar = { id: 'mara', voices: { kokoro: 'af_heart', piper: 'libritts-840' } };

describe('the language that a session is heard in', () => {
  it('is the session’s own, else the service’s', () => {
    expect(heardLanguage({ language: 'es' }, config, parts())).toBe('es');
    expect(heardLanguage({}, config, parts())).toBe('en');
    expect(heardLanguage({ language: 'auto' }, config, parts())).toBe('auto');
  });

  it('needs a recogniser only where the service is to hear it', () => {
    const without = parts({ whisper: () => missing });
    expect(() => heardLanguage({ language: 'es' }, config, without)).toThrow(
      expect.objectContaining({ code: 'unavailable', field: 'language' }),
    );
    // The page of a visitor whose browser is Spanish.
    expect(heardLanguage({ language: 'es' }, english, without)).toBe('es');
    expect(heardLanguage({}, config, without)).toBe('en');
  });

  it('cannot be found out where there is nothing to choose from', () => {
    expect(() => heardLanguage({ language: 'auto' }, english, parts())).toThrow(
      expect.objectContaining({ code: 'bad-request', field: 'language' }),
    );
  });
});

describe('the voice of another language', () => {
  it('is Kokoro’s where the standard one speaks English only', () => {
    expect(engineFor({ language: 'es' }, config, 'piper')).toBe('kokoro');
    expect(engineFor({ language: 'auto' }, config, 'piper')).toBe('kokoro');
    expect(engineFor({ language: 'en' }, config, 'piper')).toBe('piper');
    expect(engineFor({ language: 'es' }, english, 'piper')).toBe('piper');
    expect(engineFor({ language: 'es' }, config, 'openai')).toBe('openai');
  });

  it('is that of VISAVIS_VOICES, else one of the avatar’s sex', () => {
    const voice = (language: 'es' | 'fr', voices: Record<string, string>) =>
      sessionVoice(
        { engine: 'kokoro', requested: undefined, config: english, avatar, language, voices },
        () => undefined,
        parts().voices,
      );
    expect(voice('es', config.engines.voices)).toBe('em_alex');
    expect(voice('es', {})).toBe('ef_dora');
    expect(voice('fr', {})).toBe('ff_siwis');
  });

  it('is refused with what is missing', () => {
    expect(() => requireSpeakable('es', 'kokoro', parts())).not.toThrow();
    expect(() => requireSpeakable('en', 'kokoro', parts({ espeak: () => false, voices: () => [] }))).not.toThrow();
    for (const [o, text] of [
      [{ voices: () => ['af_heart'] }, 'scripts/setup.mjs'],
      [{ espeak: () => false }, 'apt-get install espeak-ng'],
    ] as const) {
      expect(() => requireSpeakable('es', 'kokoro', parts(o))).toThrow(
        expect.objectContaining({ code: 'unavailable', field: 'language', message: expect.stringContaining(text) }),
      );
    }
  });

  it('is known for each language that may be heard, with the words for a failure', () => {
    const openai = loadConfig({
      VISAVIS_LANGUAGES: 'es,de',
      VISAVIS_SPEECH: 'openai',
      OPENAI_API_KEY: 'sk-test-0123456789',
    });
    const all = spokenIn(openai, { engine: 'openai', requested: 'alloy', config: openai, avatar }, parts());
    expect(Object.keys(all)).toEqual(['en', 'de', 'es']);
    expect(all.de).toEqual({ voice: 'alloy', apology: expect.stringMatching(/Faden|Entschuldig|Verzeih/) });
  });
});

describe('the settings', () => {
  it('name languages that nobody could speak', () => {
    expect(() => loadConfig({ VISAVIS_LANGUAGES: 'de' })).toThrow(
      /VISAVIS_LANGUAGES: no voice that runs here speaks de/,
    );
    expect(() => loadConfig({ VISAVIS_LANGUAGES: 'es,klingon' })).toThrow(/expected some of en, de, .*got "klingon"/);
    expect(() => loadConfig({ VISAVIS_VOICES: 'ef_dora' })).toThrow(/LANGUAGE=VOICE pairs such as es=ef_dora/);
  });
});
