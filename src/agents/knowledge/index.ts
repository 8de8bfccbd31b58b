import type { Agent, TextEmbedder } from '../../inference/engines.js';
import { createKnowledgeAgent } from './agent.js';
import { openRetriever } from './retriever.js';

export { createKnowledgeAgent, type KnowledgeAgentOptions } from './agent.js';
export { KnowledgeRetriever, openRetriever, type RetrievedChunk, type RetrieverOptions } from './retriever.js';

/** Reads a knowledge folder and makes an agent of it, for callers with a single conversation. */
export async function openKnowledgeAgent(o: { folder: string; embedder: TextEmbedder; name: string }): Promise<Agent> {
  return createKnowledgeAgent({ retriever: await openRetriever(o), name: o.name });
}
