import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder for what is made of the product once in a run of the tests. */
    productFolder: string;
  }
}

/** @returns what ends it. */
export default function setUp(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'product-'));
  project.provide('productFolder', folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
