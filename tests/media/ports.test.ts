import { createSocket, type Socket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { PortPool } from '../../src/media/ports.js';

const RANGE = { min: 43_100, max: 43_103 };
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

function occupy(port: number): Promise<void> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  return new Promise((resolve) => socket.bind(port, '127.0.0.1', resolve));
}

describe('PortPool', () => {
  it('gives every port of its range once, then none until one is released', async () => {
    const pool = new PortPool(RANGE, '127.0.0.1');
    const ports = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire(), pool.acquire()]);
    expect(ports.toSorted()).toEqual([43_100, 43_101, 43_102, 43_103]);
    await expect(pool.acquire()).rejects.toMatchObject({ code: 'unavailable' });
    pool.release(43_102);
    expect(await pool.acquire()).toBe(43_102);
  });

  it('leaves out ports that someone else has bound', async () => {
    await occupy(43_101);
    const pool = new PortPool(RANGE, '127.0.0.1');
    const ports = [await pool.acquire(), await pool.acquire(), await pool.acquire()];
    expect(ports.toSorted()).toEqual([43_100, 43_102, 43_103]);
  });
});
