import { type Response, Router } from 'express';
import type { AvatarDirectory } from './avatars.js';

const FOR_GOOD = 'public, max-age=31536000, immutable';
const FIVE_MINUTES = 'public, max-age=300';

/**
 * `GET /avatars/:id/poster`, `/avatars/:id/idle.webm` and `/avatars/:id/still.webp`; the latter two are kept for good by browsers that ask
 * for the version in the list.
 */
export function avatarPictures(avatars: AvatarDirectory): Router {
  const router = Router({ caseSensitive: true });
  router.get('/avatars/:id/poster', async (request, response) => {
    await send(response, await avatars.posterPath(request.params.id), FIVE_MINUTES);
  });
  router.get('/avatars/:id/idle.webm', async (request, response) => {
    const { clipPath, version } = await avatars.clip(request.params.id);
    await send(response, clipPath, request.query['v'] === version ? FOR_GOOD : FIVE_MINUTES);
  });
  router.get('/avatars/:id/still.webp', async (request, response) => {
    const { stillPath, version } = await avatars.clip(request.params.id);
    await send(response, stillPath, request.query['v'] === version ? FOR_GOOD : FIVE_MINUTES);
  });
  return router;
}

async function send(response: Response, path: string, cacheControl: string): Promise<void> {
  response.set('Cache-Control', cacheControl);
  // Other sites may show the face.
  response.set('Cross-Origin-Resource-Policy', 'cross-origin');
  await new Promise<void>((resolve, reject) => {
    // Avatars and cache may well lie below a hidden folder.
    response.sendFile(path, { cacheControl: false, dotfiles: 'allow' }, (error?: NodeJS.ErrnoException) => {
      // Who hangs up in the middle, as a page does that is left, wants no answer.
      const isHungUp = error?.code === 'ECONNABORTED' || error?.syscall === 'write';
      if (error === undefined || isHungUp) resolve();
      else reject(error);
    });
  });
}
