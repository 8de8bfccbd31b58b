import type { Socket } from 'socket.io-client';
import type { ErrorBody, ErrorCode } from '../../../src/errors.js';
import type {
  Ack,
  Answers,
  ClientMessage,
  ClientMessageName,
  ClientToServer,
  ServerToClient,
} from '../../../src/signaling/messages.js';

export type ConversationSocket = Socket<ServerToClient, ClientToServer>;

/** `unreachable`: no answer came from the server, for whatever reason. */
export type ClientErrorCode = ErrorCode | 'unreachable';

/** Every failure of this client: the server's own error, or `unreachable`. */
export class ClientError extends Error {
  readonly code: ClientErrorCode;
  readonly retryable: boolean;
  /** When the server says so: seconds after which trying again is worth it. */
  readonly retryAfterS: number | undefined;
  /** Where the server names them: the input that is wrong, and a finer name for what is. */
  readonly field: string | undefined;
  readonly reason: string | undefined;

  constructor(
    code: ClientErrorCode,
    message: string,
    retryable: boolean,
    retryAfterS?: number,
    { field, reason }: Pick<ErrorBody, 'field' | 'reason'> = {},
  ) {
    super(message);
    this.name = 'ClientError';
    this.code = code;
    this.retryable = retryable;
    this.retryAfterS = retryAfterS;
    this.field = field;
    this.reason = reason;
  }

  static fromBody(body: ErrorBody): ClientError {
    return new ClientError(body.code, body.message, body.retryable, body.retryAfterS, body);
  }

  static from(thrown: unknown): ClientError {
    if (thrown instanceof ClientError) return thrown;
    return new ClientError('internal', thrown instanceof Error ? thrown.message : String(thrown), false);
  }
}

export const REQUEST_TIMEOUT_MS = 10_000;

/** Sends one message and resolves with its answer; rejects with a `ClientError` on refusal, timeout or disconnection. */
export function request<K extends ClientMessageName>(
  socket: ConversationSocket,
  name: K,
  payload: ClientMessage<K>,
  timeoutMs = REQUEST_TIMEOUT_MS,
): Promise<Answers[K]> {
  return new Promise((resolve, reject) => {
    const acknowledge = (failure: Error | null, answer?: Ack<Answers[K]>): void => {
      if (failure || !answer) reject(new ClientError('unreachable', `no answer to '${name}'`, true));
      else if (answer.ok) resolve(answer.data);
      else reject(ClientError.fromBody(answer.error));
    };
    // socket.io's overloads do not follow a generic event name.
    const emit = socket.timeout(timeoutMs).emit as (name: string, payload: unknown, ack: typeof acknowledge) => void;
    emit.call(socket, name, payload, acknowledge);
  });
}
