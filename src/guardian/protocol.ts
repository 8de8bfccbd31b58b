/** What the guardian and a gateway process say to each other (child_process IPC, `serialization: 'advanced'`). */
import type { ErrorBody } from '../errors.js';
import type { StoreAnswer, StoreRequest } from '../signaling/store/ipc-store.js';
import type { StandardVoice } from '../worker/speech/standard-voice.js';

/** The speech service, which lives beside the gateways and outlives them. */
export interface SpeechState {
  isUp: boolean;
  restarts: number;
  socketPath: string;
  pid: number | undefined;
  sparePid: number | undefined;
  standardVoice: StandardVoice | undefined;
}

export interface Setup {
  /** Of this process, among all gateways that ever share a store. */
  gatewayId: string;
  /** The environment that its configuration is read from. */
  env: Record<string, string>;
  /** Compiled entry of the avatar worker and the built page; undefined: those of this build. */
  avatarEntry?: string | undefined;
  webFolder?: string | undefined;
  /** Sessions are kept by the guardian; else in Redis. */
  storeHere: boolean;
  speech: SpeechState;
  /** Start an avatar worker before there is work. */
  warm: boolean;
}

export interface Activation {
  /** The port that visitors know, which a predecessor had; undefined: as configured. */
  port: number | undefined;
  /** Gateways that are dead for certain: their sessions are to be taken over. */
  predecessors: string[];
  /** Gateways that died before it. */
  restarts: number;
}

export type ToGateway =
  | { type: 'setup'; setup: Setup }
  | { type: 'activate'; activation: Activation }
  | { type: 'speech'; speech: SpeechState }
  | { type: 'shutdown'; drain: boolean }
  | StoreAnswer;

/** What `visavis serve` prints. */
export interface GatewayReport {
  url: string;
  speech: string;
  kokoroMs: number | undefined;
  capacity: number;
  mediaMs: number;
  speechMs: number;
  avatarMs: number;
}

export type FromGateway =
  /** All code is loaded; it may be activated. */
  | { type: 'loaded' }
  /** HTTP is served. */
  | { type: 'listening'; port: number }
  | { type: 'ready'; report: GatewayReport }
  /** It cannot be what it was to become, and ends. */
  | { type: 'failed'; error: ErrorBody }
  /** Every second: the event loop turns. */
  | { type: 'beat' }
  | StoreRequest;
