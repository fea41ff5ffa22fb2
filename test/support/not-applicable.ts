import type { TestContext } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** Why a test does not apply to the parts that it would run on. */
    notApplicable?: string;
  }
}

/** Skips the rest of a test if there is a reason, which reporters are told. */
export function skipNotApplicable({ task, skip }: TestContext, reason: string | undefined): void {
  if (reason === undefined) return;
  task.meta.notApplicable = reason;
  skip(reason);
}
