import { VisavisError } from '../../../errors.js';
import { createLogger } from '../../../log.js';
import { createSession, type OnnxSession, Tensor } from '../../onnx.js';
import { avatarProviders } from '../../providers.js';
import { type DrawnPart, lightDecoder } from './light-decoder.js';

/** Side of the picture that the networks take and give, in pixels. */
export const LITE_SIDE = 384;
/** Numbers of one such picture, planes of red, green and blue. */
export const LITE_NUMBERS = 3 * LITE_SIDE * LITE_SIDE;
export const LITE_PARAMETER_COUNT = 32;

/** What the encoder gives and the decoder takes, in this order. */
const PICTURE = [1, 3, LITE_SIDE, LITE_SIDE];
const FEATURES: readonly (readonly number[])[] = [PICTURE, [1, 16, 192, 192], [1, 32, 96, 96], [1, 64, 48, 48]];
const DECODER_INPUTS = ['input', 'skip1', 'skip0', 'skip', 'params'] as const;
const PARAMETERS = [1, LITE_PARAMETER_COUNT];

const WHOLE: DrawnPart = { x: 0, y: 0, width: LITE_SIDE, height: LITE_SIDE };
/** Mean difference of two decoders, of the range −1…1, that nobody sees: half a level of 255. */
const LIGHT_ERROR = 0.004;
/** Along its edges a light decoder differs. */
const UNSURE = 6;
const log = createLogger('lite-avatar');

/** A network in memory and what to call it in errors. */
export interface NetworkFile {
  name: string;
  content: Uint8Array;
}

/**
 * The two networks of the LiteAvatar family (github.com/HumanAIGC/lite-avatar, MIT): an encoder that turns a picture of the lower face into four levels of
 * features, and a decoder that draws that face again with the mouth that 32 parameters ask for. One thread each. Not for two calls at a time.
 */
export class LiteNetworks {
  /** The picture to encode: planes of red, green and blue in −1…1. Written by the caller. */
  readonly reference = new Float32Array(LITE_NUMBERS);
  /** The parameters to decode. Written by the caller. */
  readonly parameters = new Float32Array(LITE_PARAMETER_COUNT);
  /** Which pixels are drawn. */
  readonly part: DrawnPart;
  /** What was drawn: planes of red, green and blue of `part`, in −1…1. */
  readonly drawn: Float32Array;
  readonly #encoder: OnnxSession;
  readonly #decoder: OnnxSession;
  readonly #encode: { feeds: Record<string, Tensor>; fetches: Record<string, Tensor> };
  readonly #decode: { feeds: Record<string, Tensor>; fetches: Record<string, Tensor> };

  private constructor(encoder: OnnxSession, decoder: OnnxSession, part: DrawnPart) {
    this.#encoder = encoder;
    this.#decoder = decoder;
    this.part = part;
    this.drawn = new Float32Array(3 * part.width * part.height);
    const features = FEATURES.map((shape) => new Tensor('float32', new Float32Array(product(shape)), shape));
    this.#encode = {
      feeds: { [encoder.inputNames[0]!]: new Tensor('float32', this.reference, PICTURE) },
      fetches: Object.fromEntries(encoder.outputNames.map((name, k) => [name, features[k]!])),
    };
    const parameters = new Tensor('float32', this.parameters, PARAMETERS);
    this.#decode = {
      feeds: Object.fromEntries(DECODER_INPUTS.map((name, k) => [name, features[k] ?? parameters])),
      fetches: { [decoder.outputNames[0]!]: new Tensor('float32', this.drawn, [1, 3, part.height, part.width]) },
    };
  }

  /**
   * Opens both and has them draw once. Rejects with `bad-request`, field the file's name, for what is no network, has other inputs or outputs than the
   * family's, or draws something that is not a number. Where the decoder can be brought into a lighter form (`lightDecoder`) that draws the same, that one draws, and
   * of the picture at least `part`.
   */
  static async create(encoder: NetworkFile, decoder: NetworkFile, part: DrawnPart = WHOLE): Promise<LiteNetworks> {
    const [first, second] = [await opened(encoder), await opened(decoder)];
    expectShapes(encoder.name, 'input', first.inputMetadata, [PICTURE]);
    expectShapes(encoder.name, 'output', first.outputMetadata, FEATURES);
    const byName = new Map(second.inputMetadata.map((meta) => [meta.name, meta]));
    const inputs = DECODER_INPUTS.map((name) => {
      const meta = byName.get(name);
      if (meta !== undefined) return meta;
      throw wrong(decoder.name, `has no input "${name}" (it has ${second.inputNames.join(', ')})`);
    });
    if (byName.size !== inputs.length)
      throw wrong(decoder.name, `has ${byName.size} inputs, expected ${inputs.length}`);
    expectShapes(decoder.name, 'input', inputs, [...FEATURES, PARAMETERS]);
    expectShapes(decoder.name, 'output', second.outputMetadata, [PICTURE]);
    const networks = new LiteNetworks(first, second, WHOLE);
    await networks.#tryOut(encoder.name, decoder.name);
    const light = lightDecoder(decoder.content, part);
    if (light === undefined) return networks;
    const lighter = new LiteNetworks(first, await opened({ name: decoder.name, content: light.file }), part);
    await lighter.#tryOut(encoder.name, decoder.name);
    const error = differenceWithin(networks, lighter);
    if (error <= LIGHT_ERROR) {
      await second.release();
      return lighter;
    }
    log.warn({ decoder: decoder.name, error }, 'the lighter form of a decoder draws something else and is not used');
    await lighter.#decoder.release();
    return networks;
  }

  /** Encodes `reference`; what follows is drawn on it. */
  async encode(): Promise<void> {
    await this.#encoder.run(this.#encode.feeds, this.#encode.fetches);
  }

  /** Draws `parameters` on what was encoded last into `drawn`. */
  async decode(): Promise<void> {
    await this.#decoder.run(this.#decode.feeds, this.#decode.fetches);
  }

  async close(): Promise<void> {
    await Promise.all([this.#encoder.release(), this.#decoder.release()]);
  }

  async #tryOut(encoder: string, decoder: string): Promise<void> {
    for (let i = 0; i < LITE_NUMBERS; i++) this.reference[i] = Math.sin(i / 999);
    await this.encode();
    const features = Object.values(this.#encode.fetches);
    if (features.some(({ data }) => !allFinite(data as Float32Array)))
      throw wrong(encoder, 'gives values that are not numbers');
    await this.decode();
    if (!allFinite(this.drawn)) throw wrong(decoder, 'draws values that are not numbers');
  }
}

/** Mean difference of what both drew, where the second is sure. */
function differenceWithin(whole: LiteNetworks, { part, drawn }: LiteNetworks): number {
  let sum = 0;
  let count = 0;
  for (let plane = 0; plane < 3; plane++) {
    for (let y = UNSURE; y < part.height - UNSURE; y++) {
      for (let x = UNSURE; x < part.width - UNSURE; x++, count++) {
        const at = (plane * LITE_SIDE + part.y + y) * LITE_SIDE + part.x + x;
        sum += Math.abs(whole.drawn[at]! - drawn[(plane * part.height + y) * part.width + x]!);
      }
    }
  }
  return sum / count;
}

/** True where every value is a number, neither NaN nor infinite. */
export function allFinite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

async function opened({ name, content }: NetworkFile): Promise<OnnxSession> {
  return createSession(content, { threads: 1, providers: await avatarProviders() }).catch((cause: unknown) => {
    throw wrong(
      name,
      `is no network that can be run: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    );
  });
}

type Metadata = OnnxSession['inputMetadata'][number];

function expectShapes(
  file: string,
  what: string,
  found: readonly Metadata[],
  expected: readonly (readonly number[])[],
) {
  if (found.length !== expected.length) throw wrong(file, `has ${found.length} ${what}s, expected ${expected.length}`);
  for (const [k, shape] of expected.entries()) {
    const meta = found[k]!;
    const has = meta.isTensor ? `${meta.type} [${meta.shape.join(', ')}]` : 'no tensor';
    const wanted = `float32 [${shape.join(', ')}]`;
    if (has !== wanted) throw wrong(file, `has the ${what} "${meta.name}" as ${has}, expected ${wanted}`);
  }
}

function wrong(file: string, what: string, cause?: unknown): VisavisError {
  return new VisavisError('bad-request', `${file} ${what}`, { field: file, cause });
}

function product(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}
