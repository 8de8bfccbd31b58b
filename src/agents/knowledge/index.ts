export { createKnowledgeAgent, type KnowledgeAgentOptions, type KnowledgeSource } from './agent.js';
export { type KnowledgeReport, LiveKnowledge, type LiveKnowledgeOptions } from './live.js';
export { KnowledgePages } from './pages.js';
export { KnowledgeRetriever, openRetriever, type RetrievedChunk, type RetrieverOptions } from './retriever.js';
