/** Thread of the recognition models. */
import { workerData } from 'node:worker_threads';
import { MoonshineRecogniser } from '../../inference/speech/moonshine-recogniser.js';
import { AUTO_LANGUAGE, isEnglish } from '../../inference/speech/recognition-language.js';
import type { WhisperDecoder } from '../../inference/speech/whisper-decoder.js';
import type { RecognitionResult, RecognitionTask } from './thread-protocol.js';
import { serveThread } from './thread-server.js';

const { threads, languages } = workerData as { threads: number; languages: readonly string[] };

await serveThread<RecognitionTask, RecognitionResult, never>(async ({ progress }) => {
  progress('speech recognition');
  const english = await MoonshineRecogniser.create({ threads });
  await english.warmUp();
  let loading: Promise<WhisperDecoder> | undefined;
  // Imported when first needed, so that a model that is not used costs nothing.
  const multilingual = () => {
    loading ??= import('../../inference/speech/whisper-decoder.js').then((module) =>
      module.WhisperDecoder.create({ threads }),
    );
    loading.catch(() => {
      loading = undefined;
    });
    return loading;
  };
  if (languages.length > 0) {
    progress('speech recognition in other languages');
    await (await multilingual()).warmUp();
  }
  return {
    async run({ samples, pass, language }, { signal }) {
      if (isEnglish(language)) return { text: await english.decode(samples, pass, { signal }) };
      const decoder = await multilingual();
      if (language !== AUTO_LANGUAGE) return { text: (await decoder.decode(samples, { language, signal })).text };
      const heard = await decoder.decode(samples, { among: ['en', ...languages], signal });
      // English is recognised better by the model that knows nothing else.
      if (isEnglish(heard.language)) return { text: await english.decode(samples, pass, { signal }), language: 'en' };
      return heard;
    },
  };
});
