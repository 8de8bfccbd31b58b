import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rename, rm, writeFile } from 'node:fs/promises';
import { VisavisError } from '../errors.js';
import { encodeWav } from '../media/wav.js';
import { RECITAL_RATE_HZ } from '../worker/avatar/recital.js';
import { cannotWrite, type FilmFile, type FilmFormat, partialOf } from './film-file.js';

/** ffmpeg may take this long for one picture, and to finish the file. */
const LIMIT_MS = 60_000;
const KEPT_COMPLAINT = 2_000;

/** Rejects with `unavailable` when ffmpeg is not installed or does not start. */
export async function expectFfmpeg(command = 'ffmpeg'): Promise<void> {
  const child = spawn(command, ['-version'], { stdio: 'ignore', timeout: LIMIT_MS });
  const code = await once(child, 'close').then(
    ([exit]: number[]) => exit,
    (cause: unknown) => Promise.reject(noFfmpeg(cause)),
  );
  if (code !== 0) throw noFfmpeg();
}

function noFfmpeg(cause?: unknown): VisavisError {
  return new VisavisError(
    'unavailable',
    'an MP4 is written by ffmpeg, which is not installed or does not start: "apt-get install ffmpeg", or give a name that ends with .webm',
    { field: 'clip', cause, retryable: false },
  );
}

/** H.264 and AAC by ffmpeg, a process of its own that is given raw pictures and a WAV file. */
export class Mp4File implements FilmFile {
  readonly #path: string;
  readonly #partial: string;
  readonly #wav: string;
  readonly #child: ChildProcess;
  /** The exit code; null after a signal, or when it did not start. */
  readonly #ended: Promise<number | null>;
  #complaint = '';

  static async create(path: string, format: FilmFormat): Promise<Mp4File> {
    const wav = `${partialOf(path)}.wav`;
    const sound = { sampleRateHz: RECITAL_RATE_HZ, channels: [Float32Array.from(format.sound)] };
    await writeFile(wav, encodeWav(sound)).catch((cause: unknown) => {
      throw cannotWrite(path, cause);
    });
    return new Mp4File(path, wav, format);
  }

  private constructor(path: string, wav: string, { width, height, frameRate }: FilmFormat) {
    this.#path = path;
    this.#partial = partialOf(path);
    this.#wav = wav;
    const pictures = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-video_size', `${width}x${height}`];
    // Rec. 601, limited range: what the renderer draws in.
    const colours = ['-colorspace', 'smpte170m', '-color_primaries', 'smpte170m', '-color_trc', 'smpte170m'];
    this.#child = spawn(
      'ffmpeg',
      [
        ...['-hide_banner', '-loglevel', 'error', '-y', ...pictures, '-framerate', String(frameRate), '-i', 'pipe:0'],
        ...['-i', wav, '-c:v', 'libx264', '-crf', '18', '-color_range', 'tv', ...colours],
        ...['-c:a', 'aac', '-b:a', '128k', '-movflags', '+faststart', '-f', 'mp4', this.#partial],
      ],
      { stdio: ['pipe', 'ignore', 'pipe'] },
    );
    this.#child.stderr?.on('data', (data: Buffer) => {
      this.#complaint = (this.#complaint + data).slice(-KEPT_COMPLAINT);
    });
    // A process that dies closes its input; its exit tells why.
    this.#child.stdin?.on('error', () => undefined);
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', () => resolve(null));
      this.#child.once('close', resolve);
    });
  }

  async picture(i420: Uint8Array): Promise<void> {
    const taken = new Promise<void>((resolve, reject) => {
      // The buffer is used again by the caller, so it must have left before this resolves.
      this.#child.stdin?.write(i420, (error) => (error ? reject(error) : resolve()));
    });
    await this.#within(taken.catch(() => this.#fail()));
  }

  async finish(): Promise<void> {
    this.#child.stdin?.end();
    const code = await this.#within(this.#ended);
    if (code !== 0) await this.#fail();
    await rename(this.#partial, this.#path).catch((cause: unknown) => {
      throw cannotWrite(this.#path, cause);
    });
    await rm(this.#wav, { force: true });
  }

  async discard(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
    await Promise.all([rm(this.#partial, { force: true }), rm(this.#wav, { force: true })]);
  }

  async #fail(): Promise<never> {
    const code = await this.#ended;
    throw new VisavisError('engine-failed', `ffmpeg ended with code ${code}: ${this.#complaint.trim()}`, {
      field: 'clip',
      retryable: false,
    });
  }

  async #within<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new VisavisError('engine-failed', `ffmpeg did not answer within ${LIMIT_MS / 1_000} s`, {
        field: 'clip',
      });
      timer = setTimeout(() => reject(error), LIMIT_MS);
    });
    return Promise.race([work, late]).finally(() => clearTimeout(timer));
  }
}
