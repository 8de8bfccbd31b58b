/** Sound against picture at the viewer, measured with the probe avatar and its clicking voice. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../config.js';
import { avatarFolder } from '../inference/avatar/folders.js';
import { PROBE_PERIOD_MS } from '../inference/avatar/renderer/probe.js';
import { BenchBrowser, type Clock, type FrameSeen } from './browser.js';
import { CLICKS_SECONDS, ClickServer } from './click-server.js';
import { RATE_HZ, Recorder } from './dialogue.js';
import { quantile } from './figures.js';
import { BenchServer } from './server.js';

/** All but the strip with the badge, whose brightness does not follow the sound. */
const PROBE_AREA = { x: 0, y: 0.2, width: 1, height: 0.8, darkBelow: 16 };
const CLICK_LEVEL = 0.1;

export interface Skew {
  /** Picture minus sound, ms; positive: the picture is late. One value per frame shown while clicks are heard. */
  skewMs: number[];
  /** Medians of the first and the last fifth: their difference is drift. */
  firstMs: number;
  lastMs: number;
  clicks: number;
}

/** Runs `utterances` of ten clicks each through the whole service and a real browser. */
export async function measureSkew(utterances: number): Promise<Skew> {
  const folder = probePackage();
  const voice = await ClickServer.create();
  const server = await BenchServer.create({
    VISAVIS_AVATARS: folder,
    VISAVIS_AVATAR: 'probe',
    VISAVIS_SPEECH: 'openai',
    OPENAI_BASE_URL: voice.baseUrl,
    OPENAI_API_KEY: 'none',
  });
  const browser = await BenchBrowser.create();
  try {
    await browser.page.goto(`${server.url}?greeting=none&avatar=probe&speech=openai`);
    await browser.page.getByRole('button', { name: /start/i }).first().click();
    await browser.until('window.visavis?.firstFrameMs !== undefined', 15_000);
    await browser.evaluate(`bench.watch(${JSON.stringify(PROBE_AREA)})`);
    await browser.evaluate('bench.record()');
    const recorder = new Recorder(browser);
    const frames: FrameSeen[] = [];
    const clocks: Clock[] = [];
    for (let i = 0; i < utterances; i++) {
      await browser.page.getByRole('textbox').first().fill('Click.');
      await browser.page.keyboard.press('Enter');
      await browser.until(
        `visavis.events.filter((e) => e.event.type === 'utterance-end').length > ${i}`,
        (CLICKS_SECONDS + 20) * 1000,
      );
      await sleep(300);
      await recorder.collect();
      frames.push(...(await browser.evaluate<FrameSeen[]>('bench.frames()')));
      clocks.push(await browser.evaluate<Clock>('bench.clock()'));
    }
    const heard = recorder.wav().channels[1] as Float32Array;
    return compare(frames, clickTimes(heard), clocks, recorder.first);
  } finally {
    await browser.close();
    await server.close();
    voice.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Frames of the recording at which clicks begin. */
export function clickTimes(samples: Float32Array): number[] {
  const out: number[] = [];
  for (let i = 0; i < samples.length; i++) {
    if (Math.abs(samples[i] ?? 0) < CLICK_LEVEL) continue;
    out.push(i);
    i += RATE_HZ / 2;
  }
  return out;
}

/**
 * For every frame, the time at which it was shown minus the time at which the sound of the position that it names was heard.
 * The nearest click before or after gives the latter; brightness names the position within half a second.
 */
export function compare(
  frames: readonly FrameSeen[],
  clicks: readonly number[],
  clocks: readonly Clock[],
  firstFrame: number,
): Skew {
  const wallOf = wallClock(clocks, firstFrame);
  const clickMs = clicks.map(wallOf);
  const skewMs: number[] = [];
  let next = 0;
  for (const frame of frames) {
    while (next < clickMs.length && (clickMs[next] as number) < frame.displayAt) next++;
    const before = clickMs[next - 1];
    const after = clickMs[next];
    // Between two clicks of one utterance, away from the brightness' wrap-around, where scaling would blur it.
    if (before === undefined || after === undefined || after - before > 1_100) continue;
    const share = frame.luma / 255;
    if (share < 0.1 || share > 0.9) continue;
    const soundMs = (frame.displayAt - before) % PROBE_PERIOD_MS;
    let skew = soundMs - share * PROBE_PERIOD_MS;
    if (skew > PROBE_PERIOD_MS / 2) skew -= PROBE_PERIOD_MS;
    if (skew < -PROBE_PERIOD_MS / 2) skew += PROBE_PERIOD_MS;
    skewMs.push(skew);
  }
  const fifth = Math.max(1, Math.floor(skewMs.length / 5));
  return {
    skewMs,
    firstMs: quantile(skewMs.slice(0, fifth), 0.5),
    lastMs: quantile(skewMs.slice(-fifth), 0.5),
    clicks: clicks.length,
  };
}

/** Maps frames of the recording to wall time by the pairs of clocks read during the run (the two clocks drift apart). */
function wallClock(clocks: readonly Clock[], firstFrame: number): (frame: number) => number {
  return (frame) => {
    const at = frame + firstFrame;
    const clock = clocks.reduce((best, c) => (Math.abs(c.frame - at) < Math.abs(best.frame - at) ? c : best));
    return clock.wallMs + ((at - clock.frame) * 1000) / RATE_HZ;
  };
}

/** A package folder with the probe avatar: a stock package whose renderer is the probe. */
function probePackage(): string {
  const { avatarFolders, avatar } = loadConfig({});
  const folder = mkdtempSync(join(tmpdir(), 'visavis-probe-'));
  cpSync(avatarFolder(avatarFolders, avatar), join(folder, 'probe'), { recursive: true });
  const path = join(folder, 'probe', 'avatar.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...manifest, id: 'probe', name: 'Probe', renderer: 'probe' }));
  return folder;
}
