import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Processes, not threads: native add-ons and inference sessions do not outlive their test file.
    pool: 'forks',
    restoreMocks: true,
    // Threads that load onnxruntime see the environment of their process: src/inference/telemetry.ts.
    env: { ORT_DISABLE_TELEMETRY: '1' },
    reporters: ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/e2e/**', 'tests/network/**'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // A browser, an SFU and an avatar need the machine to themselves.
          maxWorkers: 1,
          fileParallelism: false,
          // Real recognisers on a machine that others load as well: words that come late can change a turn.
          retry: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'network',
          // Hosts of their own as network namespaces: needs root, and says so where it is not. `npm run test:network`.
          include: ['tests/network/**/*.test.ts'],
          testTimeout: 480_000,
          hookTimeout: 240_000,
          maxWorkers: 1,
          fileParallelism: false,
          retry: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
