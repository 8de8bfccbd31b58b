import type { z } from 'zod';
import { VisavisError } from '../errors.js';

const MAX_FIELD_LENGTH = 100;

/** Parses input from outside. Throws `bad-request` naming the field, what was expected and the type (never the content) of what came. */
export function parseInput<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue === undefined) throw new VisavisError('bad-request', 'invalid input');
  const path = issue.path.map(String);
  const unknownKey = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const field = [...path, ...(unknownKey === undefined ? [] : [unknownKey])].join('.').slice(0, MAX_FIELD_LENGTH);
  const expected =
    unknownKey === undefined ? issue.message.replace(/, received .*$/, '') : 'no field of this name is expected';
  const came = describeType(at(value, issue.path));
  const message = `${field === '' ? 'payload' : field}: ${expected}${unknownKey === undefined ? `, got ${came}` : ''}`;
  throw new VisavisError('bad-request', message, { field: field === '' ? undefined : field });
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<PropertyKey, unknown>)[key];
  }
  return current;
}

export function describeType(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'string')
    return value.length === 0 ? 'an empty string' : `a string of ${value.length} characters`;
  if (typeof value === 'object') return 'an object';
  return `a ${typeof value}`;
}
