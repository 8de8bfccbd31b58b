import { speakAll } from '../../../src/bench/recordings.js';
import type { BenchServer } from '../../../src/bench/server.js';
import { MoonshineRecogniser } from '../../../src/inference/speech/moonshine-recogniser.js';
import { resample } from '../../../src/media/resample.js';
import type { CreatedSession, CreateSessionBody } from '../../../src/signaling/messages.js';
import { startService, TalkPage } from '../../support/talk-page.js';
import { wordErrorRate } from '../../support/word-errors.js';
import { SERVER_IP, TestNetwork } from './test-network.js';

const HTTP_PORT = 17_860;
export const RTC_PORT = 17_861;
const KEY = 'network-tests-only-0123456789';
const ORIGIN = `http://${SERVER_IP}:${HTTP_PORT}`;
/** What a jitter buffer may still hold when the service has sent the last sample. */
const TAIL_MS = 2_500;

export interface Exchange {
  /** Word error rates: of the question at the service, and of the answer at the visitor's ear. */
  questionErrors: number;
  answerErrors: number;
  understood: string;
  answer: string;
  heard: string;
  /** Pictures decoded per second while the answer was spoken. */
  framesPerSecond: number;
}

/** The service on one host and a visitor's browser on another, with nothing but the emulated link between them. */
export class FarConversation {
  readonly network: TestNetwork;
  readonly service: BenchServer;
  page!: TalkPage;

  static async create(env: Record<string, string> = {}): Promise<FarConversation> {
    const network = await TestNetwork.create();
    try {
      const settings = {
        VISAVIS_HOST: '0.0.0.0',
        VISAVIS_ANNOUNCED_ADDRESS: SERVER_IP,
        VISAVIS_PORT: String(HTTP_PORT),
        VISAVIS_RTC_PORT: String(RTC_PORT),
        VISAVIS_API_KEYS: KEY,
        ...env,
      };
      const service = await startService(settings, network.on(network.server));
      return new FarConversation(network, service);
    } catch (error) {
      await network.close();
      throw error;
    }
  }

  private constructor(network: TestNetwork, service: BenchServer) {
    this.network = network;
    this.service = service;
  }

  /** A session, created on the service's own host with its key. */
  async createSession(body: CreateSessionBody = { greeting: null }): Promise<CreatedSession> {
    const script = `fetch('${ORIGIN}/v1/sessions', { method: 'POST', body: process.argv[1],
      headers: { 'content-type': 'application/json', authorization: 'Bearer ${KEY}' } })
      .then(async (answer) => console.log(await answer.text()))`;
    const text = await this.network.run(this.network.server, process.execPath, '-e', script, JSON.stringify(body));
    const session = JSON.parse(text) as CreatedSession;
    if (typeof session.token !== 'string') throw new Error(`no session: ${text}`);
    return session;
  }

  /** Opens the talk page on the visitor's host; resolves when picture and microphone are live. */
  async open(): Promise<void> {
    const { token } = await this.createSession();
    const options = { executable: this.network.chromium, trustedOrigin: ORIGIN };
    this.page = await TalkPage.open(`${ORIGIN}/`, `greeting=none#token=${token}`, options);
  }

  /** Asks aloud, waits for the whole answer and has a recogniser read it back from the sound that the browser played. */
  async exchange(question: string, pcm?: Int16Array): Promise<Exchange> {
    const { page } = this;
    const samples = pcm ?? (await speakAll([question]))[0];
    if (samples === undefined) throw new Error('no recording of the question');
    const before = await page.eventsOf('transcript');
    const framesBefore = await page.decodedFrames();
    const askedAtMs = Date.now();
    const end = await page.turn(samples);
    const seconds = (Date.now() - askedAtMs) / 1000;
    const frames = (await page.decodedFrames()) - framesBefore;
    await page.settle(TAIL_MS);
    const recording = await page.recording();
    const said = (await page.eventsOf('transcript')).slice(before.length).filter(({ final }) => final);
    const understood = said.map(({ text }) => text).join(' ');
    const recogniser = await MoonshineRecogniser.create({ threads: 1 });
    const sound = resample(recording.heard(askedAtMs, Date.now()), recording.rateHz, 16_000);
    const heard = await recogniser.decode(sound, 'final');
    await recogniser.close();
    return {
      questionErrors: wordErrorRate(question, understood),
      answerErrors: wordErrorRate(end.text, heard),
      understood,
      answer: end.text,
      heard,
      framesPerSecond: frames / seconds,
    };
  }

  /** Which of the visitor's ICE candidates is in use, and over which protocol. */
  async path(): Promise<{ type: string; protocol: string; relayProtocol: string | undefined }> {
    return this.page.browser.evaluate(`visavis.getStats().then((report) => {
      const entries = [...report.values()];
      const transport = entries.find((s) => s.type === 'transport' && s.selectedCandidatePairId);
      const pair = entries.find((s) => s.id === transport?.selectedCandidatePairId);
      const local = entries.find((s) => s.id === pair?.localCandidateId);
      return { type: local?.candidateType, protocol: local?.protocol, relayProtocol: local?.relayProtocol };
    })`);
  }

  async close(): Promise<void> {
    await this.page?.close().catch(() => undefined);
    await this.service.close();
    await this.network.close();
  }
}
