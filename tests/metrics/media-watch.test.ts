import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Launched, launch } from '../support/launch.js';

const VISITOR = fileURLToPath(new URL('../support/wrtc-visitor.mjs', import.meta.url));

let service: Launched | undefined;
let visitor: ChildProcess | undefined;
afterEach(async () => {
  // wrtc crashes when it ends by itself.
  visitor?.kill('SIGKILL');
  await service?.close();
});

/** The streams are looked at every 5 s. */
const SAMPLED_MS = 25_000;

async function metrics(): Promise<Map<string, number>> {
  const text = await (await fetch(`${service?.origin}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

describe('what goes over the wire', () => {
  it('is counted for picture, voice and microphone of a real visitor, with round trip and jitter', async () => {
    service = await launch();
    const session = await service.createSession();
    visitor = fork(VISITOR, [service.origin, session.token], { execArgv: [] });
    await eventually(async () => {
      const shown = await metrics();
      for (const stream of [
        'direction="out",kind="video"',
        'direction="out",kind="audio"',
        'direction="in",kind="audio"',
      ]) {
        expect(shown.get(`visavis_media_packets_total{${stream}}`), stream).toBeGreaterThan(50);
        expect(shown.get(`visavis_media_bytes_total{${stream}}`), stream).toBeGreaterThan(1_000);
        expect(shown.get(`visavis_media_bits_per_second{${stream}}`), stream).toBeGreaterThan(1_000);
        expect(shown.get(`visavis_media_packets_lost_total{${stream}}`), stream).toBeLessThan(
          shown.get(`visavis_media_packets_total{${stream}}`) ?? 0,
        );
      }
      expect(shown.get('visavis_viewer_round_trip_seconds_count')).toBeGreaterThan(0);
      expect(shown.get('visavis_microphone_jitter_seconds_count')).toBeGreaterThan(0);
    }, SAMPLED_MS);
    const before = await metrics();
    visitor.kill('SIGKILL');
    await service.gateway.registry.get(session.sessionId).close('left');
    await eventually(async () => {
      expect((await metrics()).get('visavis_media_bits_per_second{direction="out",kind="video"}')).toBe(0);
    }, SAMPLED_MS);
    // Counters keep what closed streams have counted.
    const packets = 'visavis_media_packets_total{direction="out",kind="video"}';
    expect((await metrics()).get(packets)).toBeGreaterThanOrEqual(before.get(packets) ?? Number.NaN);
  }, 60_000);
});
