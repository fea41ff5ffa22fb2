import { defineConfig } from 'vitest/config';

/** `npm run test:e2e`: the product with parts that somebody else wrote. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    globalSetup: ['test/e2e/image/setup.ts'],
    setupFiles: ['test/setup/loopback-only.ts', 'test/setup/environment.ts'],
    pool: 'forks',
    execArgv: [`--import=${new URL('test/setup/loopback-only.ts', import.meta.url).href}`],
    // They wait for nodes, leases and garbage collectors more than they compute.
    maxWorkers: 3,
    isolate: false,
    testTimeout: 120_000,
    // The parts are made on the first run.
    hookTimeout: 900_000,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
  },
});
