export { createKnowledgeAgent, type KnowledgeAgentOptions, type KnowledgeSource } from './agent.js';
export { KnowledgeRetriever, openRetriever, type RetrievedChunk, type RetrieverOptions } from './retriever.js';
