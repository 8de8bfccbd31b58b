import { type Response, Router } from 'express';
import type { AvatarDirectory } from './avatars.js';

const A_YEAR_S = 31_536_000;
const FIVE_MINUTES_S = 300;

/** `GET /avatars/:id/idle.webm` and `/avatars/:id/still.webp`: kept for good by browsers that ask for the version in the list. */
export function avatarPictures(avatars: AvatarDirectory): Router {
  const router = Router({ caseSensitive: true });
  router.get('/avatars/:id/idle.webm', async (request, response) => {
    const { clipPath, version } = await avatars.clip(request.params.id);
    await send(response, clipPath, request.query['v'] === version);
  });
  router.get('/avatars/:id/still.webp', async (request, response) => {
    const { stillPath, version } = await avatars.clip(request.params.id);
    await send(response, stillPath, request.query['v'] === version);
  });
  return router;
}

async function send(response: Response, path: string, isVersioned: boolean): Promise<void> {
  response.set('Cache-Control', `public, max-age=${isVersioned ? `${A_YEAR_S}, immutable` : FIVE_MINUTES_S}`);
  // Other sites may show the face.
  response.set('Cross-Origin-Resource-Policy', 'cross-origin');
  await new Promise<void>((resolve, reject) => {
    // The cache may well lie below a hidden folder.
    response.sendFile(path, { cacheControl: false, dotfiles: 'allow' }, (error) => (error ? reject(error) : resolve()));
  });
}
