/**
 * Entry of a short-lived process: draws one avatar's idle clip. Arguments: avatar folder, path of the clip, path of the still, and
 * what stands on the badge in the picture (empty: none). It begins
 * at the first message of the process that forked it and ends with it.
 */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { loadAvatarPackage } from '../../inference/avatar/package.js';
import { Badge } from '../../inference/avatar/renderer/badge.js';
import { renderIdleClip } from './idle-clip.js';

const [folder, clipPath, stillPath, badgeText = ''] = process.argv.slice(2);
if (folder === undefined || clipPath === undefined || stillPath === undefined) {
  throw new Error('expected three arguments: avatar folder, path of the clip, path of the still');
}
process.once('disconnect', () => process.exit(1));
await once(process, 'message');
const avatar = await loadAvatarPackage(folder);
const badge = badgeText === '' ? undefined : Badge.create(badgeText, avatar.manifest);
const { clip, still } = await renderIdleClip(avatar, { decorate: (picture) => badge?.draw(picture) });
await writeFile(stillPath, still);
await writeFile(clipPath, clip);
process.exit(0);
