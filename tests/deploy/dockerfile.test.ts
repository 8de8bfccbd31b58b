import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ignores, parseDockerfile, unusedArguments } from '../../scripts/lib/dockerfile.mjs';
import { PROJECT_ROOT } from '../../src/cache.js';

describe('reading a Dockerfile', () => {
  it('joins continued lines and leaves comments between them out', () => {
    const [stage] = parseDockerfile('FROM a\nRUN one \\\n  # why\n  && two\n');
    expect(stage!.steps[0]).toMatchObject({
      kind: 'run',
      command: ['/bin/sh', '-c', expect.stringMatching(/^one\s+&& two$/)],
    });
  });

  it('takes the exec form as it is', () => {
    const [stage] = parseDockerfile('FROM a\nENTRYPOINT ["node", "a b.mjs"]\nCMD ["serve"]');
    expect(stage!.image).toMatchObject({ entrypoint: ['node', 'a b.mjs'], command: ['serve'] });
  });

  it('gives each step the environment, folder and user that are in force there', () => {
    const [stage] = parseDockerfile(
      'FROM a\nENV X=1 Y="two words"\nWORKDIR /app\nRUN first\nENV X=3\nWORKDIR sub\nUSER 7:8\nRUN second',
    );
    expect(stage!.steps[0]).toMatchObject({ env: { X: '1', Y: 'two words' }, workdir: '/app', user: 'root' });
    expect(stage!.steps[1]).toMatchObject({ env: { X: '3', Y: 'two words' }, workdir: '/app/sub', user: '7:8' });
  });

  it('keeps ARG to where Docker does: before FROM for FROM, else for its own stage', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a Dockerfile's own variables
    const text = 'ARG BASE=a:1\nFROM ${BASE} AS one\nARG MODE=x\nRUN r\nFROM ${BASE}\nARG BASE\nRUN s';
    const [one, two] = parseDockerfile(text, { MODE: 'y' });
    expect(one).toMatchObject({ name: 'one', base: 'a:1' });
    expect(one!.steps[0]!.args).toEqual({ MODE: 'y' });
    expect(two!.steps[0]!.args).toEqual({ BASE: 'a:1' });
  });

  it('leaves variables in commands to the shell and replaces them elsewhere', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a Dockerfile's own variables
    const [stage] = parseDockerfile('FROM a\nENV D=/d\nRUN echo $D\nCOPY x ${D}/y\nWORKDIR ${E:-/e}');
    expect(stage!.steps[0]).toMatchObject({ kind: 'run', command: ['/bin/sh', '-c', 'echo $D'] });
    expect(stage!.steps[1]).toMatchObject({ kind: 'copy', sources: ['x'], destination: '/d/y' });
    expect(stage!.image.workdir).toBe('/e');
  });

  it('hands on what the image says to a stage that is built on it', () => {
    const [, child] = parseDockerfile('FROM a AS base\nENV X=1\nUSER 5\nFROM base\nRUN r');
    expect(child!.steps[0]).toMatchObject({ env: { X: '1' }, user: '5' });
  });

  it.each([
    ['FROM a\nADD x y', /Dockerfile:2: ADD is not understood/],
    ['RUN x', /Dockerfile:1: RUN stands before the first FROM/],
    ['FROM a\nCOPY *.json ./', /patterns are not understood/],
    ['FROM a\nCOPY x y z', /ends with \//],
    ['FROM a\nCOPY --link x y', /COPY --link is not understood/],
    ['FROM a\nRUN cat <<EOF', /here-documents/],
    ['FROM a\nRUN x \\', /continued/],
    ['# nothing', /no FROM/],
  ])('refuses what it does not understand: %j', (text, message) => {
    expect(() => parseDockerfile(text)).toThrow(message);
  });

  it('names arguments that nothing takes', () => {
    expect(unusedArguments('ARG A=1\nFROM a\nARG B', { A: '1', B: '2', C: '3' })).toEqual(['C']);
  });
});

describe('.dockerignore', () => {
  it('lets the last rule decide that speaks of a path or a folder above it', () => {
    const isIgnored = ignores('# all\n*\n!src\n!deploy/docker\n**/node_modules\n**/.env\n');
    expect(['src/a/b.ts', 'deploy/docker/x.mjs'].map(isIgnored)).toEqual([false, false]);
    expect(['x', 'deploy/y', 'src/node_modules/z/i.js', '.env', 'src/.env'].map(isIgnored)).toEqual(
      Array(5).fill(true),
    );
  });
});

describe('our image', () => {
  const read = (name: string) => readFileSync(join(PROJECT_ROOT, name), 'utf8');
  const stages = parseDockerfile(read('Dockerfile'));
  const { image } = stages.at(-1)!;

  it('runs as a numbered user that is not root, and says how it is checked and ended', () => {
    expect(image.user).toMatch(/^[1-9]\d{3,}:[1-9]\d{3,}$/);
    expect(image.healthcheck?.command).toEqual(['node', 'deploy/docker/healthcheck.mjs']);
    expect(image).toMatchObject({ stopSignal: 'SIGTERM', entrypoint: ['node', 'deploy/docker/entrypoint.mjs'] });
    expect(image.ports).toEqual(['7860/tcp', '7861/udp', '7861/tcp']);
  });

  it('copies nothing from the checkout that .dockerignore keeps out, and no secrets get in', () => {
    const isIgnored = ignores(read('.dockerignore'));
    const sources = stages
      .flatMap((stage) => stage.steps)
      .flatMap((step) => (step.kind === 'copy' && step.from === undefined ? step.sources : []));
    expect(sources.length).toBeGreaterThan(5);
    for (const source of sources) expect(isIgnored(source), source).toBe(false);
    for (const path of ['.env', 'deploy/.env', '.git/config', 'node_modules/a', 'key.pem'])
      expect(isIgnored(path), path).toBe(true);
  });

  it('sets no variable that the service does not know', async () => {
    const { configVariables } = await import('../../src/config.js');
    const ours = Object.keys(image.env).filter((name) => name.startsWith('VISAVIS_'));
    for (const name of ours) expect([...configVariables, 'VISAVIS_CACHE']).toContain(name);
  });
});
