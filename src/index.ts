export { defineTool, type Tool, type ToolContext, type ToolDefinition } from './agents/tools/tool.js';
export { Gateway, type GatewayOptions, type ReadyReport } from './compose.js';
export { type Config, describeConfig, loadConfig } from './config.js';
export { type ErrorBody, type ErrorCode, VisavisError } from './errors.js';
export type {
  Agent,
  AgentEvent,
  Message,
  SpeechRecogniser,
  SpeechSynthesiser,
  VoiceActivityDetector,
} from './inference/engines.js';
export type {
  Ack,
  Answers,
  ClientMessage,
  ClientMessageName,
  ClientToServer,
  CreatedSession,
  CreateSessionBody,
  ServerToClient,
} from './signaling/messages.js';
export type { Transcript, TranscriptTurn } from './signaling/transcript/transcript.js';
export type { WebhookBody } from './signaling/webhooks/events.js';
export { isSignedBy, signatureOf } from './webhook-signature.js';
