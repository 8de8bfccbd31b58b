import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { networkMissing, SERVER_IP, TestNetwork } from './support/test-network.js';

const missing = networkMissing();
if (missing !== undefined) throw new Error(missing);

const PACKETS = 600;
const ECHO = `const s = require('dgram').createSocket('udp4');
  s.on('message', (m, r) => s.send(m, r.port, r.address)); s.bind(7777, () => console.log('up'));`;
/** Sends numbered packets and prints, of those that came back, the round-trip times in order of arrival. */
const PROBE = `const s = require('dgram').createSocket('udp4'); const came = []; let n = 0;
  s.on('message', (m) => came.push([m.readUInt32BE(0), performance.now() - m.readDoubleBE(4)]));
  const t = setInterval(() => {
    const m = Buffer.alloc(200); m.writeUInt32BE(n, 0); m.writeDoubleBE(performance.now(), 4);
    s.send(m, 7777, '${SERVER_IP}');
    if (++n < ${PACKETS}) return;
    clearInterval(t);
    setTimeout(() => { console.log(JSON.stringify(came)); process.exit(0); }, 900);
  }, 4);`;

describe('the emulated link', () => {
  let network: TestNetwork;
  beforeAll(async () => {
    network = await TestNetwork.create();
    const echo = network.spawn(network.server, process.execPath, '-e', ECHO);
    await new Promise((resolve) => echo.stdout?.once('data', resolve));
  });
  afterAll(() => network.close());

  async function probe(): Promise<[number, number][]> {
    return JSON.parse(await network.run(network.visitor, process.execPath, '-e', PROBE)) as [number, number][];
  }

  it('carries everything in order while nothing is impaired', async () => {
    const came = await probe();
    expect(came.map(([n]) => n)).toEqual(Array.from({ length: PACKETS }, (_, n) => n));
  });

  it('loses, delays and reorders as it is told, both ways', async () => {
    await network.impair('loss 10', 'delay 0 300');
    const came = await probe();
    // Both ways 19 % are lost: 114 of 600, standard deviation 10.
    expect(came.length).toBeGreaterThan(PACKETS * 0.81 - 50);
    expect(came.length).toBeLessThan(PACKETS * 0.81 + 50);
    const times = came.map(([, ms]) => ms);
    expect(times.reduce((sum, ms) => sum + ms, 0) / times.length).toBeGreaterThan(250);
    const overtaken = came.filter(([n], i) => n < (came[i - 1]?.[0] ?? 0)).length;
    expect(overtaken).toBeGreaterThan(PACKETS / 10);
    await network.impair('loss 0', 'delay 0 0');
  });

  it('lets no more through than its rate', async () => {
    // 600 packets of 228 bytes in 2.4 s are 456 kbit/s.
    await network.impair('rate 228 100');
    const came = await probe();
    expect(came.length).toBeGreaterThan(PACKETS * 0.4);
    expect(came.length).toBeLessThan(PACKETS * 0.65);
    await network.impair('rate 0 0');
  });

  it('blocks a port, all of UDP, and lets it through again', async () => {
    await network.impair('block 7777');
    expect(await probe()).toEqual([]);
    await network.impair('unblock', 'block udp');
    expect(await probe()).toEqual([]);
    await network.impair('unblock');
    expect((await probe()).length).toBe(PACKETS);
  });
});
