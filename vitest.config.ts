import { defineConfig } from 'vitest/config';
import { PRELOADED } from './test/support/setup/preloaded.ts';

/** The tests of what stands around the product, which start whole programs: `npm run test:tools`. */
export const TOOLS = ['bench', 'demo', 'deploy', 'scripts'].map(
  (folder) => `test/unit/${folder}/**/*.test.ts`,
);

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**', ...TOOLS],
    setupFiles: [
      'test/support/setup/loopback-only.ts',
      'test/support/setup/environment.ts',
      'test/support/setup/patience.ts',
    ],
    pool: 'forks',
    // From the start of the process on, so that its worker threads inherit them.
    execArgv: [...PRELOADED],
    // Twice the cores: half of the time tests wait, for sockets and for programs that they started.
    maxWorkers: 4,
    // No file mocks a module or leaves anything behind, and loading all of them anew for each file is
    // half of the work.
    isolate: false,
    provide: { limits: { test: 120_000, hook: 60_000 } },
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
  },
});
