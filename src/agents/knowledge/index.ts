export { createKnowledgeAgent, type KnowledgeAgentOptions } from './agent.js';
export { KnowledgeRetriever, openRetriever, type RetrievedChunk, type RetrieverOptions } from './retriever.js';
