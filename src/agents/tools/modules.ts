import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { VisavisError } from '../../errors.js';
import { checkToolName, defineTool, type Tool } from './tool.js';

/** What a module with typed functions is given, so that it needs no installation of its own. */
export interface ToolKit {
  z: typeof z;
  defineTool: typeof defineTool;
}

/**
 * The tools that the operator's own modules export: by default an array of tools, or a function that makes one of a `ToolKit`.
 * Rejects with `bad-request` that names the module.
 */
export async function loadToolModules(paths: readonly string[]): Promise<Tool[]> {
  const tools: Tool[] = [];
  for (const path of paths) {
    const problem = (what: string, cause?: unknown) =>
      new VisavisError('bad-request', `tools.modules: ${path} ${what}`, { field: 'tools.modules', cause });
    let exported: unknown;
    try {
      const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
      const { default: made } = module;
      exported = typeof made === 'function' ? await (made as (kit: ToolKit) => unknown)({ z, defineTool }) : made;
    } catch (cause) {
      throw problem(`cannot be loaded: ${cause instanceof Error ? cause.message : 'it failed'}`, cause);
    }
    if (!Array.isArray(exported) || !exported.every(isTool))
      throw problem('does not export an array of tools (defineTool)');
    for (const tool of exported) checkToolName(tool.name);
    tools.push(...exported);
  }
  return tools;
}

function isTool(value: unknown): value is Tool {
  const tool = value as Partial<Tool> | null;
  return (
    typeof tool === 'object' &&
    tool !== null &&
    typeof tool.name === 'string' &&
    typeof tool.description === 'string' &&
    typeof tool.run === 'function' &&
    typeof tool.parameters === 'object' &&
    (tool.effect === 'reads' || tool.effect === 'acts')
  );
}
