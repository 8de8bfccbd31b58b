/** Codes that a client may act on; the HTTP status of each is in `STATUS`. */
export type ErrorCode =
  | 'bad-request'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'too-large'
  | 'too-many-requests'
  | 'engine-failed'
  | 'upstream-failed'
  | 'upstream-timeout'
  | 'unavailable'
  | 'internal';

const STATUS: Record<ErrorCode, number> = {
  'bad-request': 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'too-large': 413,
  'too-many-requests': 429,
  'engine-failed': 500,
  'upstream-failed': 502,
  'upstream-timeout': 504,
  unavailable: 503,
  internal: 500,
};

export const ERROR_CODES = Object.keys(STATUS) as readonly ErrorCode[];

const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'too-many-requests',
  'engine-failed',
  'upstream-failed',
  'upstream-timeout',
  'unavailable',
]);

/** What crosses a process or network boundary for an error. */
export interface ErrorBody {
  code: ErrorCode;
  message: string;
  /** Dotted path of the offending input field, when one is to blame. */
  field?: string;
  /** A finer name than `code` where one helps a program to put the problem into words of its own; see where it is thrown. */
  reason?: string;
  retryable: boolean;
  /** Seconds after which trying again is worth it; over HTTP also the Retry-After header. */
  retryAfterS?: number;
}

/** The one error class: a code, an HTTP status and whether trying again may help. */
export class VisavisError extends Error {
  readonly code: ErrorCode;
  readonly field?: string;
  readonly reason?: string;
  readonly retryable: boolean;
  readonly retryAfterS?: number;

  constructor(
    code: ErrorCode,
    message: string,
    options: { field?: string; reason?: string; cause?: unknown; retryable?: boolean; retryAfterS?: number } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'VisavisError';
    this.code = code;
    this.field = options.field;
    this.reason = options.reason;
    this.retryable = options.retryable ?? RETRYABLE.has(code);
    this.retryAfterS = options.retryAfterS;
  }

  get status(): number {
    return STATUS[this.code];
  }

  toBody(): ErrorBody {
    return {
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      ...(this.field === undefined ? {} : { field: this.field }),
      ...(this.reason === undefined ? {} : { reason: this.reason }),
      ...(this.retryAfterS === undefined ? {} : { retryAfterS: this.retryAfterS }),
    };
  }

  /** As `toBody()`, for clients: what went wrong inside is for the log alone. */
  toPublicBody(): ErrorBody {
    const body = this.toBody();
    return this.code === 'internal' ? { ...body, message: 'internal error' } : body;
  }

  static fromBody(body: ErrorBody): VisavisError {
    const { code, message, field, reason, retryable, retryAfterS } = body;
    return new VisavisError(code, message, { field, reason, retryable, retryAfterS });
  }

  /** Wraps anything thrown; a `VisavisError` passes unchanged, all else becomes `internal`. */
  static from(thrown: unknown, code: ErrorCode = 'internal'): VisavisError {
    if (thrown instanceof VisavisError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new VisavisError(code, message, { cause: thrown });
  }
}

/** True for the rejection of an aborted operation, which is never a failure. */
export function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'AbortError';
}
