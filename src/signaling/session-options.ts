import { randomInt, randomUUID } from 'node:crypto';
import type { Config } from '../config.js';
import { VisavisError } from '../errors.js';
import type { AvatarManifest } from '../inference/avatar/package.js';
import type { KokoroLanguage } from '../inference/speech/kokoro-languages.js';
import { AUTO_LANGUAGE } from '../inference/speech/recognition-language.js';
import { videoKbps } from '../media/bitrate.js';
import { type PictureSize, sizeName, sizesOf } from '../picture-size.js';
import type { AvatarDirectory } from './avatars.js';
import type { VisitorMemories } from './memory/visitor-memories.js';
import type { CreateSessionBody } from './messages.js';
import type { SessionOptions, SpeechEngineName } from './session.js';
import { agentGreeting, sessionMemory, sessionVariables } from './session-agent.js';
import { engineFor, heardLanguage, requireSpeakable, spokenIn } from './session-language.js';
import { sessionTexts } from './session-texts.js';
import { sessionVoice } from './session-voice.js';

/** Throws `conflict` unless the session takes turns by push-to-talk. */
export function requirePushToTalk({ turnTaking = 'balanced' }: SessionOptions['conversation']): void {
  if (turnTaking === 'push-to-talk') return;
  throw new VisavisError('conflict', `this session takes turns by itself (turnTaking is ${turnTaking})`);
}

/** Throws `bad-request` with the sizes that there are. */
function pictureSize(wanted: string | undefined, avatar: AvatarManifest): PictureSize {
  if (wanted === undefined) return avatar;
  const sizes = sizesOf(avatar);
  const found = sizes.find((size) => sizeName(size) === wanted);
  if (found !== undefined) return found;
  const possible = sizes.map(sizeName).join(', ');
  const message = `size: got "${wanted}", expected one in which ${avatar.id} can be shown: ${possible}`;
  throw new VisavisError('bad-request', message, { field: 'size' });
}

export interface SessionOptionsParts {
  config: Config;
  avatars: AvatarDirectory;
  standardSpeech: SpeechEngineName;
  memories?: VisitorMemories | undefined;
}

/** What a request for a session comes to with this service's configuration; throws `bad-request` or `not-found`. */
export async function sessionOptions(
  body: CreateSessionBody,
  { config, avatars, standardSpeech, memories }: SessionOptionsParts,
): Promise<SessionOptions> {
  const hears = heardLanguage(body, config);
  const speech = body.speech ?? engineFor(body, config, standardSpeech);
  if (speech === 'openai' && config.openai === null) {
    throw new VisavisError('bad-request', 'speech: this service has no speech API configured', { field: 'speech' });
  }
  if (speech === 'custom' && config.engines.modules.length === 0) {
    throw new VisavisError('bad-request', 'speech: this service has no engine of its own (VISAVIS_ENGINES)', {
      field: 'speech',
    });
  }
  const { folder, manifest } = await avatars.find(body.avatar ?? config.avatar);
  const { id } = manifest;
  const { width, height } = pictureSize(body.size, manifest);
  const name = body.agent?.name ?? config.agent?.name ?? manifest.name;
  const variables = sessionVariables(body, config.agent);
  const texts = sessionTexts({
    ...{ config, request: body, name, speech },
    agentGreeting: agentGreeting(config.agent, variables),
  });
  requireSpeakable(texts.spokenLanguage, speech);
  const chosenVoice = { engine: speech, requested: body.voice, config, avatar: manifest };
  const language = texts.spokenLanguage as KokoroLanguage;
  const voice = sessionVoice({ ...chosenVoice, language, voices: config.engines.voices });
  // Counts as a visit: nothing may be refused after it.
  const memory = await sessionMemory(body, memories, Date.now());
  return {
    id: randomUUID(),
    avatar: { id, name, width, height },
    conversation: {
      name,
      avatarPath: folder,
      width,
      height,
      voice,
      // Others have a pace of their own, and not every server knows the option.
      ...((speech === 'kokoro' || speech === 'piper') && manifest.manner && { speechRate: manifest.manner.pace }),
      speech,
      language: texts.spokenLanguage,
      hears,
      ...(hears === AUTO_LANGUAGE && { spokenIn: spokenIn(config, chosenVoice) }),
      greeting: texts.greeting,
      apology: texts.apology,
      badge: texts.badge,
      instructions: body.instructions ?? config.instructions,
      ...(body.agent && { agent: body.agent }),
      variables,
      ...(memory && { memory }),
      turnTaking: body.turnTaking ?? config.turnTaking,
      videoBitrateKbps: videoKbps(config.videoBitrateKbps, { width, height }),
      seed: randomInt(2 ** 32),
    },
    disclosure: texts.disclosure,
    idleTimeoutMs: config.idleTimeoutMs,
    joinWithinMs: config.tokenTtlMs,
    maxSessionMs: config.maxSessionMs,
  };
}
