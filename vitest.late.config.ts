import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** `npm run test:late`: the tests of `npm test`, with servers whose answers come late. */
export default defineConfig({
  test: {
    ...base.test,
    setupFiles: [...(base.test?.setupFiles ?? []), 'test/support/setup/late-answers.ts'],
  },
});
