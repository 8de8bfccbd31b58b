/**
 * Entry of a short-lived process: draws one avatar's idle clip. Arguments: avatar folder, path of the clip, path of the still,
 * what stands on the badge in the picture (empty: none), and the picture's size where it is not the avatar's own. It begins at the first message of the process that forked it and ends with it.
 */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { loadAvatarManifest, loadAvatarPackage } from '../../inference/avatar/package.js';
import { Badge } from '../../inference/avatar/renderer/badge.js';
import { parsePictureSize, shownIn } from '../../picture-size.js';
import { renderIdleClip } from './idle-clip.js';

const [folder, clipPath, stillPath, badgeText = '', size = ''] = process.argv.slice(2);
if (folder === undefined || clipPath === undefined || stillPath === undefined) {
  throw new Error('expected three arguments: avatar folder, path of the clip, path of the still');
}
process.once('disconnect', () => process.exit(1));
await once(process, 'message');
const { width, height } = shownIn(await loadAvatarManifest(folder), parsePictureSize(size));
const avatar = await loadAvatarPackage(folder, { size: { width, height } });
const badge = badgeText === '' ? undefined : Badge.create(badgeText, { width, height });
const { clip, still } = await renderIdleClip(avatar, {
  size: { width, height },
  decorate: (picture) => badge?.draw(picture),
});
await writeFile(stillPath, still);
await writeFile(clipPath, clip);
process.exit(0);
