/** What an agent file may say: who the avatar is, what it is to achieve, what it knows and what it may do. */
import { z } from 'zod';

const text = (max: number) =>
  z.string().trim().min(1, 'expected some text').max(max, `expected at most ${max} characters`);
const lines = (count: number, length: number) => z.array(text(length)).max(count, `expected at most ${count} entries`);
const seconds = (max: number) => z.number().positive('expected more than 0').max(max, `expected at most ${max}`);
const address = z.string().refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), {
  message: 'expected an http or https address',
});
const headers = z.record(
  z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/, 'expected a header’s name'),
  z.string().max(4_000),
);
const secret = z.string().min(16, 'expected at least 16 characters (openssl rand -hex 32 makes one)').max(500);

export const toolName = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, 'expected 1 to 64 letters, digits, _ and -');
export const variableName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,39}$/, 'expected small letters, digits and _, such as visitor_name');
export const variableValue = z.union(
  [z.string().max(500, 'expected at most 500 characters'), z.number(), z.boolean()],
  {
    error: 'expected a text, a number, true or false',
  },
);
export const variableValues = z
  .record(variableName, variableValue)
  .refine((values) => Object.keys(values).length <= 50, {
    message: 'expected at most 50 variables',
  });

/** What a session may say of its own agent, too. */
export const personaFields = {
  /** What the avatar calls itself; default: the avatar's own name. */
  name: text(60).optional(),
  persona: text(8_000).optional(),
  goals: lines(20, 500).optional(),
  /** What it must or must not do. */
  rules: lines(30, 500).optional(),
};

const webhook = z.strictObject({
  name: toolName,
  description: text(1_024),
  url: address,
  /** JSON schema of an object, or for short its `properties` alone, all of them required. */
  parameters: z.record(z.string(), z.unknown()).default({}),
  /** It changes nothing, and may be called for a reply that is perhaps never heard. */
  readOnly: z.boolean().default(false),
  /** Only after the visitor was asked. */
  confirm: z.boolean().default(false),
  timeoutS: seconds(60).default(10),
  /** Said when it takes long. */
  filler: text(120).optional(),
  secret: secret.optional(),
  headers: headers.default({}),
});

const mcpTools = {
  /** Of the server's tools only these; default: all. */
  tools: z.array(z.string().min(1).max(128)).max(64).optional(),
  /** Of these the operator knows that they change nothing; what the server says of itself does not count. */
  readOnly: z.array(z.string().min(1).max(128)).max(64).default([]),
  confirm: z.array(z.string().min(1).max(128)).max(64).default([]),
  timeoutS: seconds(120).default(15),
};

/** The shape that other MCP clients use, too. */
const mcpServer = z.union(
  [
    z.strictObject({
      command: text(1_000),
      args: z.array(z.string().max(4_000)).max(100).default([]),
      /** Besides PATH, HOME and the like the server sees only these. */
      env: z.record(z.string(), z.string().max(10_000)).default({}),
      cwd: text(1_000).optional(),
      ...mcpTools,
    }),
    z.strictObject({ url: address, headers: headers.default({}), ...mcpTools }),
  ],
  { error: 'expected command (with args, env, cwd) or url (with headers), and tools, readOnly, confirm, timeoutS' },
);

const variable = z.strictObject({
  description: text(200).optional(),
  default: variableValue.optional(),
  required: z.boolean().default(false),
  /** The language model may know it; webhooks get every variable. */
  inPrompt: z.boolean().default(true),
});

export const agentFile = z.strictObject({
  version: z.literal(1, 'expected 1'),
  ...personaFields,
  /** Spoken when the visitor is connected; {variables} are put in. */
  greeting: text(500).optional(),
  variables: z.record(variableName, variable).default({}),
  knowledge: z
    .strictObject({
      /** Relative to the agent file. */
      folder: text(1_000).optional(),
      /** Web pages, read at the start and every so often. */
      pages: z.array(address).max(50, 'expected at most 50 pages').default([]),
    })
    .optional(),
  tools: z
    .strictObject({
      webhooks: z.array(webhook).max(64).default([]),
      /** JavaScript modules that export typed functions, relative to the agent file. */
      modules: z.array(text(1_000)).max(20).default([]),
    })
    .default({ webhooks: [], modules: [] }),
  mcpServers: z
    .record(z.string().regex(/^[a-zA-Z0-9_-]{1,24}$/, 'expected 1 to 24 letters, digits, _ and -'), mcpServer)
    .default({}),
  handover: z
    .strictObject({
      url: address,
      secret: secret.optional(),
      headers: headers.default({}),
      /** To the model: when a human is to be asked for. */
      when: text(500).optional(),
      /** Told to the visitor when a human was informed. */
      say: text(300).optional(),
    })
    .optional(),
});

export type AgentFile = z.output<typeof agentFile>;
export type WebhookEntry = AgentFile['tools']['webhooks'][number];
export type McpServerEntry = AgentFile['mcpServers'][string];
export type VariableEntry = AgentFile['variables'][string];
export type VariableValues = z.output<typeof variableValues>;
