import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** The integration scenarios on the parts that COLUMN names, all on the same control planes. */
export default defineConfig({
  test: {
    ...base.test,
    include: ['test/scenarios/**/*.test.ts'],
    globalSetup: ['test/e2e/columns/setup.ts'],
    maxWorkers: 1,
    bail: 0,
    provide: { limits: { test: 120_000, hook: 60_000 } },
  },
});
