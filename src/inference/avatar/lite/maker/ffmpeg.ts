import { spawn } from 'node:child_process';
import { abortError } from '../../../../abort.js';
import { VisavisError } from '../../../../errors.js';

/** A clip of some seconds is read within this. */
const LIMIT_MS = 60_000;
const KEPT_COMPLAINT = 2_000;
/** Side of a video that is read at all. */
const MAX_SIDE = 4096;

export interface ReadingOptions {
  signal?: AbortSignal | undefined;
  /** Programs; by default those of Debian's package ffmpeg. */
  ffmpeg?: string;
  ffprobe?: string;
}

/** What a video file says of itself. */
export interface VideoInfo {
  width: number;
  height: number;
}

/** The size of a video's pictures. Rejects with `unavailable` without ffmpeg, with `bad-request`, field `bg_video.mp4`, for what is no video. */
export async function probeVideo(path: string, o: ReadingOptions = {}): Promise<VideoInfo> {
  const args = ['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'stream=width,height', '-of', 'json', path];
  const { code, output, complaint } = await collect(o.ffprobe ?? 'ffprobe', args, 64 * 1024, o.signal);
  let stream: { width?: number; height?: number } | undefined;
  if (code === 0) {
    const json = JSON.parse(output.toString('utf8')) as { streams?: { width?: number; height?: number }[] };
    stream = json.streams?.[0];
  }
  const { width = 0, height = 0 } = stream ?? {};
  if (width < 16 || height < 16)
    throw badClip(`is no video that can be read${complaint === '' ? '' : `: ${complaint}`}`);
  if (width > MAX_SIDE || height > MAX_SIDE)
    throw badClip(`has pictures of ${width} × ${height} pixels, more than ${MAX_SIDE} a side`);
  return { width, height };
}

/**
 * The first `count` pictures of a video, through ffmpeg's `filters`, in its raw `format` of `bytesPerPicture` bytes each, one after the other. Rejects with
 * `bad-request`, field `bg_video.mp4`, when the video is damaged or ends before.
 */
export async function readPictures(
  path: string,
  o: ReadingOptions & { filters: string; format: 'yuv420p' | 'rgb24'; bytesPerPicture: number; count: number },
): Promise<Uint8Array> {
  const input = ['-hide_banner', '-nostdin', '-loglevel', 'error', '-xerror', '-err_detect', 'explode', '-i', path];
  const output = ['-map', '0:v:0', '-vf', o.filters, '-frames:v', String(o.count), '-vsync', 'passthrough'];
  const raw = ['-pix_fmt', o.format, '-f', 'rawvideo', 'pipe:1'];
  const most = o.bytesPerPicture * o.count;
  const args = ['-threads', '1', ...input, ...output, ...raw];
  const found = await collect(o.ffmpeg ?? 'ffmpeg', args, most, o.signal);
  const pictures = Math.floor(found.output.length / o.bytesPerPicture);
  if (pictures < o.count)
    throw badClip(
      `is cut off or damaged: ${pictures} of ${o.count} frames can be read${found.complaint === '' ? '' : ` (${found.complaint})`}`,
    );
  return found.output.subarray(0, most);
}

function badClip(what: string): VisavisError {
  return new VisavisError('bad-request', `bg_video.mp4 ${what}`, { field: 'bg_video.mp4' });
}

/** A process' output, at most `most` bytes of it; it is ended when that is there, when it is aborted, and after a minute. */
function collect(
  command: string,
  args: readonly string[],
  most: number,
  signal: AbortSignal | undefined,
): Promise<{ code: number | null; output: Buffer; complaint: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let complaint = '';
    const end = () => child.kill('SIGKILL');
    const timer = setTimeout(() => {
      end();
      reject(
        new VisavisError('engine-failed', `${command} did not finish within ${LIMIT_MS / 1_000} s`, {
          field: 'bg_video.mp4',
        }),
      );
    }, LIMIT_MS);
    const onAbort = () => {
      end();
      if (signal !== undefined) reject(abortError(signal));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    child.stdout.on('data', (data: Buffer) => {
      chunks.push(data);
      bytes += data.length;
      if (bytes >= most + 1) end();
    });
    child.stderr.on('data', (data: Buffer) => {
      complaint = (complaint + data).slice(-KEPT_COMPLAINT);
    });
    child.once('error', (cause) => {
      done();
      reject(noFfmpeg(command, cause));
    });
    child.once('close', (code) => {
      done();
      resolve({ code, output: Buffer.concat(chunks), complaint: complaint.trim().split('\n').at(-1) ?? '' });
    });
  });
}

function noFfmpeg(command: string, cause: unknown): VisavisError {
  return new VisavisError(
    'unavailable',
    `the clip is read by ${command}, which is not installed or does not start: "apt-get install ffmpeg"`,
    { field: 'bg_video.mp4', cause, retryable: false },
  );
}
