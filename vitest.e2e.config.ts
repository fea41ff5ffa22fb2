import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import base from './vitest.config.ts';

/** They take longest: begun late, each would be waited for alone. */
const LONG = [
  'power-off',
  'probe',
  'scale',
  'workloads',
  'in-cluster',
  'walkthrough',
  'demo',
  'deploy',
];

class LongOnesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const found = LONG.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return found < 0 ? LONG.length : found;
    };
    return files.toSorted((a, b) => rank(a) - rank(b));
  }
}

/** `npm run test:e2e`: the product with parts that somebody else wrote. */
export default defineConfig({
  test: {
    ...base.test,
    include: ['test/e2e/**/*.test.ts'],
    exclude: [],
    globalSetup: ['test/e2e/image/setup.ts'],
    // They wait for nodes, leases and garbage collectors more than they compute.
    maxWorkers: 3,
    bail: 0,
    sequence: { sequencer: LongOnesFirst },
    // The parts are made on the first run.
    provide: { limits: { test: 120_000, hook: 900_000 } },
  },
});
