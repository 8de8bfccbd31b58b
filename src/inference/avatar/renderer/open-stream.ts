import type { AvatarStream } from '../../engines.js';
import type { AvatarPackage } from '../package.js';
import { openAvatar } from './portrait.js';

export interface StreamOptions {
  /** Even, 128…1024. */
  width: number;
  height: number;
  /** For what is left to chance. */
  seed?: number;
  /** Set where frames are due every so many ms: what cannot be drawn in time is held. Absent: every frame is drawn. */
  frameMs?: number;
  /** What moves by itself comes back to where it began after so many frames. */
  loop?: number;
}

/** Opens an avatar with the renderer that its manifest names (`probe` shows its portrait). Rejects with `bad-request` naming what is wrong. */
export async function openStream(pkg: AvatarPackage, o: StreamOptions): Promise<AvatarStream> {
  if (pkg.lite !== undefined) {
    // Only here: onnxruntime need not be loaded into the threads of other avatars.
    const { openLite } = await import('../lite/stream.js');
    return openLite(pkg.lite, o);
  }
  return openAvatar(pkg, o);
}
