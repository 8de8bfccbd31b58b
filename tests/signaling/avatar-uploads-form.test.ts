import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/inference/avatar/motion/random.js';
import { readAvatarForm } from '../../src/signaling/avatar-uploads-form.js';

const BOUNDARY = 'edge';
const part = (head: string, body: string) =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`;
const GOOD = [
  part('name="photo"; filename="a.png"\r\nContent-Type: image/png', 'pixels\r\n--edg and more pixels'),
  part('name="name"', 'Änna'),
  part('name="ground"', 'consent'),
  part('name="statement"', 'She said yes,\r\non a Monday.'),
  part('name="voice"', 'af_heart'),
  `--${BOUNDARY}--\r\n`,
].join('');

/** A request whose body comes in pieces of these lengths. */
function requestOf(body: Buffer, pieces: (left: number) => number): IncomingMessage {
  const chunks: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const length = Math.max(1, pieces(body.length - at));
    chunks.push(body.subarray(at, at + length));
    at += length;
  }
  const headers = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };
  return Object.assign(Readable.from(chunks, { objectMode: false }), { headers }) as unknown as IncomingMessage;
}

describe('readAvatarForm', () => {
  it('reads a form however it is cut into pieces', async () => {
    for (const length of [1, 2, 7, 40, 1_000]) {
      const form = await readAvatarForm(requestOf(Buffer.from(GOOD), () => length));
      expect(form).toEqual({
        kind: 'photo',
        photo: Buffer.from('pixels\r\n--edg and more pixels'),
        declared: 'image/png',
        name: 'Änna',
        id: undefined,
        size: { width: 512, height: 512 },
        voices: ['af_heart'],
        likeness: { ground: 'consent', statement: 'She said yes,\r\non a Monday.' },
      });
    }
  });

  it('refuses a damaged form with a typed error, and nothing else ever', async () => {
    const random = new Random(7);
    const below = (limit: number) => Math.floor(random.uniform() * limit);
    const outcomes = { read: 0, refused: 0 };
    for (let round = 0; round < 600; round++) {
      const body = Buffer.from(GOOD);
      let damaged = body;
      for (let count = 1 + below(3); count > 0; count--) {
        const at = below(damaged.length);
        const kind = below(4);
        if (kind === 0) damaged = damaged.subarray(0, at);
        else if (kind === 1) damaged[at] = below(256);
        else if (kind === 2) damaged = Buffer.concat([damaged.subarray(0, at), damaged.subarray(at + below(30))]);
        else
          damaged = Buffer.concat([damaged.subarray(0, at), body.subarray(below(body.length)), damaged.subarray(at)]);
        if (damaged.length === 0) damaged = Buffer.from('-');
      }
      const length = 1 + below(60);
      await readAvatarForm(requestOf(damaged, () => length)).then(
        () => outcomes.read++,
        (thrown: unknown) => {
          outcomes.refused++;
          expect(thrown).toMatchObject({
            name: 'VisavisError',
            code: expect.stringMatching(/^(bad-request|too-large)$/),
          });
        },
      );
    }
    expect(outcomes.read).toBeGreaterThan(20);
    expect(outcomes.refused).toBeGreaterThan(200);
  });
});
