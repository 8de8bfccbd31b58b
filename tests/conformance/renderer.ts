/** What every avatar renderer must do: call it in a test file of the renderer. */
import { describe, expect, it } from 'vitest';
import { MOTION_FRAME_LENGTH } from '../../src/inference/avatar/motion-frame.js';
import type { AvatarStream } from '../../src/inference/engines.js';

export interface RendererUnderTest {
  /** A new stream of the same avatar each time. */
  open: () => Promise<AvatarStream> | AvatarStream;
  /** Motion that must change the picture, against the motionless face. */
  moved: (motion: Float32Array) => void;
}

export function describeRenderer(name: string, o: RendererUnderTest): void {
  describe(`renderer ${name}`, () => {
    const still = () => new Float32Array(MOTION_FRAME_LENGTH);

    async function draw(stream: AvatarStream, motion: Float32Array, fill = 0): Promise<Uint8Array> {
      const out = new Uint8Array((stream.width * stream.height * 3) / 2).fill(fill);
      await stream.prepare?.(motion);
      stream.render(motion, out);
      return out;
    }

    it('has a size that codecs take', async () => {
      const stream = await o.open();
      for (const side of [stream.width, stream.height]) {
        expect(side % 2).toBe(0);
        expect(side).toBeGreaterThanOrEqual(16);
      }
      stream.close();
    });

    it('writes every byte of the frame, and nothing else of it', async () => {
      const [one, two] = [await o.open(), await o.open()];
      expect(await draw(one, still(), 0)).toEqual(await draw(two, still(), 255));
      one.close();
      two.close();
    });

    it('draws the same for the same motion', async () => {
      const frames = async () => {
        const stream = await o.open();
        const motion = still();
        const drawn: Uint8Array[] = [];
        for (let k = 0; k < 4; k++) {
          if (k === 2) o.moved(motion);
          drawn.push(await draw(stream, motion));
        }
        stream.close();
        return drawn;
      };
      expect(await frames()).toEqual(await frames());
    });

    it('moves', async () => {
      const stream = await o.open();
      const rest = await draw(stream, still());
      const motion = still();
      o.moved(motion);
      let changed = await draw(stream, motion);
      // What moves slowly has a second for it.
      for (let k = 0; k < 25; k++) changed = await draw(stream, motion);
      expect(changed).not.toEqual(rest);
      stream.close();
    });

    it('takes motion beyond its bounds', async () => {
      const stream = await o.open();
      for (const value of [-1, 1, 5]) expect((await draw(stream, still().fill(value))).length).toBeGreaterThan(0);
      stream.close();
    });

    it('may be closed twice', async () => {
      const stream = await o.open();
      stream.close();
      stream.close();
    });
  });
}
