import { Router } from 'express';
import { VisavisError } from '../errors.js';
import type { VisitorMemories } from './memory/visitor-memories.js';

const MAX_ID_CHARACTERS = 128;

/** `GET` and `DELETE /visitors/:id/memory`: what is remembered of a visitor, and its end. Whoever is admitted may ask for anybody's. */
export function visitorRoutes(memories: VisitorMemories | undefined): Router {
  const router = Router({ caseSensitive: true });
  const parts = (id: string): { memories: VisitorMemories; id: string } => {
    if (memories === undefined)
      throw new VisavisError('not-found', 'this service remembers no visitors (VISAVIS_MEMORY_DAYS)');
    if (id.length > MAX_ID_CHARACTERS)
      throw new VisavisError('bad-request', `id: expected at most ${MAX_ID_CHARACTERS} characters`, { field: 'id' });
    return { memories, id };
  };
  router.get('/visitors/:id/memory', async (request, response) => {
    const { memories: known, id } = parts(request.params.id);
    response.json(await known.read(id));
  });
  router.delete('/visitors/:id/memory', async (request, response) => {
    const { memories: known, id } = parts(request.params.id);
    await known.forget(id);
    response.status(204).end();
  });
  return router;
}
