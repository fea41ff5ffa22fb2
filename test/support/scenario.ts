import { it, onTestFinished } from 'vitest';
import { columnNamed } from './columns.ts';
import { skipNotApplicable } from './not-applicable.ts';
import type { Capability, Stage, StageOptions } from './stage.ts';

export interface ScenarioOptions extends StageOptions {
  /** What the column has to be capable of; on another one the scenario is skipped. */
  readonly needs?: readonly Capability[];
}

type Run = (stage: Stage) => Promise<void>;

const column = await columnNamed(process.env.COLUMN ?? 'embedded');

/** Declares a scenario: a test on a stage of its own, which ends with it. */
export function scenario(title: string, run: Run): void;
export function scenario(title: string, options: ScenarioOptions, run: Run): void;
export function scenario(title: string, ...rest: [Run] | [ScenarioOptions, Run]): void {
  const [options, run] = rest.length === 1 ? [{}, rest[0]] : rest;
  const { needs = [], ...stageOptions }: ScenarioOptions = options;
  const [reason] = needs.flatMap((capability) => column.lacks[capability] ?? []);
  it(title, async (context) => {
    skipNotApplicable(context, reason);
    const stage = await column.start(stageOptions);
    onTestFinished(() => stage.stop());
    await run(stage);
  });
}
