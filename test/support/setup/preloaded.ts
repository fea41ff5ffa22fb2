/** Node's options for every process of the tests: theirs, and those of programs that they start. */
export const PRELOADED: readonly string[] = ['compile-cache.mjs', 'loopback-only.ts'].map(
  (name) => `--import=${new URL(name, import.meta.url).href}`,
);
