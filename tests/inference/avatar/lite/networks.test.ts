import { describe, expect, it } from 'vitest';
import { LITE_NUMBERS, LiteNetworks } from '../../../../src/inference/avatar/lite/networks.js';
import { JAW_OPEN } from '../../../../src/inference/avatar/lite/parameters.js';
import { decoderModel, encoderModel } from './lite-pack.js';

const ENCODER = 'net_encode.onnx';
const DECODER = 'net_decode.onnx';
const add = (value: number) => ({ jawOpen: { step: 1, changes: [new Float32Array(LITE_NUMBERS).fill(value)] } });

async function refusal(encoder: Uint8Array, decoder: Uint8Array) {
  return LiteNetworks.create({ name: ENCODER, content: encoder }, { name: DECODER, content: decoder }).then(
    () => expect.fail('was opened'),
    (error: unknown) => error as Error & { code: string; field: string },
  );
}

describe('networks of the LiteAvatar family', () => {
  it('draw what the parameters ask for on the picture that was encoded', async () => {
    const networks = await LiteNetworks.create(
      { name: ENCODER, content: encoderModel() },
      { name: DECODER, content: decoderModel(add(0.5)) },
    );
    networks.reference.fill(0.1);
    await networks.encode();
    networks.parameters.fill(0);
    networks.parameters[JAW_OPEN] = 0.6;
    await networks.decode();
    expect(networks.drawn[777]).toBeCloseTo(0.4, 5);
    networks.parameters[JAW_OPEN] = 0;
    await networks.decode();
    expect(networks.drawn[777]).toBeCloseTo(0.1, 5);
    await networks.close();
  });

  it.each([
    ['no network', Buffer.from('not a network'), decoderModel({}), ENCODER, /no network that can be run/],
    ['a network cut off', encoderModel().subarray(0, 300), decoderModel({}), ENCODER, /no network that can be run/],
    ['a decoder in its place', decoderModel({}), decoderModel({}), ENCODER, /has 5 inputs, expected 1/],
    [
      'features of another shape',
      encoderModel({
        shapes: [
          [1, 8, 192, 192],
          [1, 32, 96, 96],
          [1, 64, 48, 48],
        ],
      }),
      decoderModel({}),
      ENCODER,
      /output "output_1" as float32 \[1, 8, 192, 192\], expected float32 \[1, 16, 192, 192\]/,
    ],
    [
      'inputs of other names',
      encoderModel(),
      decoderModel({}, { inputs: ['input', 'skip1', 'skip0', 'skip', 'pose'] }),
      DECODER,
      /has no input "params" \(it has .*pose/,
    ],
    ['values that are not numbers', encoderModel(), decoderModel(add(Number.NaN)), DECODER, /not numbers/],
  ])('are refused with the file’s name and what is wrong: %s', async (_, encoder, decoder, field, message) => {
    const error = await refusal(encoder, decoder);
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ code: 'bad-request', field });
    expect(error.message.startsWith(field)).toBe(true);
  });
});
