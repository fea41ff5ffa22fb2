import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { PRELOADED } from './test/support/setup/preloaded.ts';

/** `npm run test:tools`: what stands around the product's code, and the code as programs. */
export const TOOLS = [
  ...['bench', 'conformance', 'demo', 'deploy', 'resources', 'scripts'].map(
    (folder) => `test/unit/${folder}/**/*.test.ts`,
  ),
  // Programs and bundles as they are shipped, each a process of its own.
  'test/unit/**/{main,*program}.test.ts',
  'test/security/logs.test.ts',
  // That hostile input is noticed at all, and the largest in threads with little memory.
  'test/fuzz/{harness,large}.test.ts',
];

/** What names a defect soonest and closest comes first; each scenario waits for a whole product. */
const ORDER = ['/test/unit/shared/', '/test/unit/functions/', '/test/unit/', '/test/schedules/'];
const LAST = '/test/scenarios/';

class UnitsBeforeScenarios extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      if (moduleId.includes(LAST)) return ORDER.length + 1;
      const found = ORDER.findIndex((folder) => moduleId.includes(folder));
      return found < 0 ? ORDER.length : found;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

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
    // Three times the cores: much of the time tests wait, for sockets, pauses and programs that they started.
    maxWorkers: 6,
    // No file mocks a module or leaves anything behind, and loading all of them anew for each file is
    // half of the work.
    isolate: false,
    provide: { limits: { test: 120_000, hook: 60_000, wait: 40_000 } },
    sequence: { sequencer: UnitsBeforeScenarios },
    // A broken product is told at once. `.ci/run` counts all failures, with --bail=0.
    bail: 5,
    // Right after an installation the disk is busy, and a worker that ends writes what V8 compiled.
    teardownTimeout: 60_000,
    // The line by which .ci/run names a failure is to say what came instead.
    chaiConfig: { truncateThreshold: 400 },
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
  },
});
