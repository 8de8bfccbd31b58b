import { modelFile } from '../models.js';
import { createSession, type OnnxSession, Tensor } from '../onnx.js';
import type { SampledImage } from './sample.js';

/** How much of each place belongs to a person, 0…1, row by row. It covers the whole picture, stretched to its own size. */
export interface Mask {
  width: number;
  height: number;
  data: Float32Array;
}

const SIZE = 256;
const RANGE = { low: 0, high: 1, outside: 'edge' } as const;

/** MediaPipe's selfie segmentation: parts people in front from the background. Made for faces within about two metres of the camera. */
export class PersonMask {
  readonly #session: OnnxSession;

  private constructor(session: OnnxSession) {
    this.#session = session;
  }

  static async create(o: { threads?: number } = {}): Promise<PersonMask> {
    return new PersonMask(await createSession(modelFile('person-mask.onnx'), { threads: o.threads ?? 1 }));
  }

  /** 256×256 whatever the picture's shape: the network wants it stretched. */
  async segment(image: SampledImage): Promise<Mask> {
    const whole = { centreX: image.width / 2, centreY: image.height / 2, side: image.width, angle: 0 };
    const pixels = image.cropTo(whole, SIZE, SIZE, image.height, RANGE);
    const result = await this.#session.run({ input_1: new Tensor('float32', pixels, [1, SIZE, SIZE, 3]) });
    return { width: SIZE, height: SIZE, data: Float32Array.from(result['activation_10']?.data as Float32Array) };
  }
}

/** The mask at a pixel of a picture of `width` × `height`, bilinear. */
export function maskAt(mask: Mask, x: number, y: number, width: number, height: number): number {
  const u = Math.min(Math.max(((x + 0.5) / width) * mask.width - 0.5, 0), mask.width - 1);
  const v = Math.min(Math.max(((y + 0.5) / height) * mask.height - 0.5, 0), mask.height - 1);
  const [left, top] = [Math.floor(u), Math.floor(v)];
  const [right, low] = [Math.min(left + 1, mask.width - 1), Math.min(top + 1, mask.height - 1)];
  const at = (column: number, row: number) => mask.data[row * mask.width + column] ?? 0;
  const above = at(left, top) + (at(right, top) - at(left, top)) * (u - left);
  const below = at(left, low) + (at(right, low) - at(left, low)) * (u - left);
  return above + (below - above) * (v - top);
}
