import './telemetry.js';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { VisavisError } from '../errors.js';
import { createLogger } from '../log.js';
import { bytesField, textField } from './protobuf.js';

export { Tensor };

export type ExecutionProvider = 'cpu' | 'cuda' | 'tensorrt' | 'webgpu' | 'coreml' | 'dml';

/** An onnxruntime session that knows where it runs. */
export type OnnxSession = InferenceSession & { readonly provider: ExecutionProvider };

export interface SessionOptions {
  /** Threads inside one operator; 1 unless the model is known to gain from more. */
  threads: number;
  /** In order of preference; `cpu` always follows the last. */
  providers?: readonly ExecutionProvider[];
}

const log = createLogger('onnx');

/**
 * Opens a model, given as a path or as its bytes, on the first provider that works; `session.provider` tells which.
 * Every provider that was asked for and could not be used is logged as a warning. Rejects with `engine-failed` when
 * not even the CPU can run the model.
 *
 * Intra-op threads never spin between runs: at 25 runs a second spinning costs most of a core. `run()` blocks the
 * calling thread for as long as the model computes, so only models of well below a millisecond belong on a thread
 * that has anything else to do.
 */
export async function createSession(model: string | Uint8Array, options: SessionOptions): Promise<OnnxSession> {
  const wanted = options.providers ?? [];
  const providers = wanted.includes('cpu') ? wanted : [...wanted, 'cpu' as const];
  let failure: unknown;
  for (const provider of providers) {
    try {
      const session = await open(model, provider, options.threads);
      return Object.assign(session, { provider });
    } catch (thrown) {
      failure = thrown;
      if (provider !== 'cpu')
        log.warn({ provider, reason: messageOf(thrown) }, 'execution provider is not usable, falling back');
    }
  }
  throw new VisavisError('engine-failed', `model cannot be loaded: ${messageOf(failure)}`, {
    cause: failure,
    retryable: false,
  });
}

function open(model: string | Uint8Array, provider: ExecutionProvider, threads: number): Promise<InferenceSession> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
  return typeof model === 'string' ? InferenceSession.create(model, options) : InferenceSession.create(model, options);
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** ONNX TensorProto.DataType numbers of the element types that inner tensors have here. */
const ELEMENT_TYPE = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;

/**
 * The model with the inner tensor `name` declared as one more graph output. A protobuf parser merges repeated
 * occurrences of an embedded message and concatenates repeated fields (protobuf encoding guide, "Last One Wins"), so
 * appending `ModelProto{graph(7){output(12){name(1), type(2){tensor_type(1){elem_type(1)}}}}}` is enough and the
 * hundreds of megabytes before it stay untouched.
 */
export function exposeOutput(model: Uint8Array, name: string, elementType: keyof typeof ELEMENT_TYPE): Buffer {
  const tensorType = bytesField(1, Buffer.from([1 << 3, ELEMENT_TYPE[elementType]]));
  const valueInfo = Buffer.concat([textField(1, name), bytesField(2, tensorType)]);
  return Buffer.concat([model, bytesField(7, bytesField(12, valueInfo))]);
}

/**
 * The model with a new input `input` in the place where its first node uses the constant `constant`; both names are of the same length, so that
 * bytes can be exchanged in place (nodes come before constants in a graph as exporters write it). The input is appended as in `exposeOutput`;
 * inputs are field 11 of the graph. Throws `engine-failed` where the model does not name the constant.
 */
export function replaceConstant(
  model: Uint8Array,
  constant: string,
  input: string,
  elementType: keyof typeof ELEMENT_TYPE,
): Buffer {
  if (constant.length !== input.length) throw new RangeError('expected names of the same length');
  const tensorType = bytesField(1, Buffer.from([1 << 3, ELEMENT_TYPE[elementType]]));
  const valueInfo = Buffer.concat([textField(1, input), bytesField(2, tensorType)]);
  const patched = Buffer.concat([model, bytesField(7, bytesField(11, valueInfo))]);
  const at = patched.indexOf(constant);
  if (at < 0) throw new VisavisError('engine-failed', `the model has no constant ${constant}`, { retryable: false });
  patched.write(input, at, 'latin1');
  return patched;
}
