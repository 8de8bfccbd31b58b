import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

function visavis(args: string[], env: Record<string, string> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env }, timeout: 20_000 };
    execFile(process.execPath, [CLI, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe('visavis', () => {
  it('--version prints the version of the package', async () => {
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(await visavis(['--version'])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  it('--help names the commands and the settings', async () => {
    const { code, stdout } = await visavis(['--help']);
    expect(code).toBe(0);
    for (const word of ['serve', 'doctor', 'talk', 'VISAVIS_API_KEYS', 'OPENAI_BASE_URL'])
      expect(stdout).toContain(word);
  });

  it.each([[['sing']], [['serve', '--prot', '1']]])('%j is refused with the usage', async (args) => {
    const { code, stderr } = await visavis(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/unknown/);
    expect(stderr).toContain('visavis serve');
  });

  it('serve names every problem of the configuration and starts nothing', async () => {
    const { code, stdout, stderr } = await visavis(['serve', '--port', 'http'], { VISAVIS_HOST: '0.0.0.0' });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    for (const name of ['VISAVIS_PORT', 'VISAVIS_API_KEYS', 'VISAVIS_ANNOUNCED_ADDRESS'])
      expect(stderr).toContain(name);
  });

  it('serve says which port is in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await visavis(['serve', '--port', String(port)]);
    server.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`VISAVIS_PORT: port ${port} on 127.0.0.1 is in use`);
  });

  it('config prints the settings without secrets', async () => {
    const { code, stdout } = await visavis(['config'], { OPENAI_API_KEY: 'sk-very-secret', VISAVIS_AVATAR: 'sam' });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ avatar: 'sam', openai: { apiKey: '[redacted]' } });
    expect(stdout).not.toContain('very-secret');
  });
});
