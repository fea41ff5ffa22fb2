import { it, onTestFinished } from 'vitest';
import { capabilities, startEmbedded } from './embedded.ts';
import type { Capability, Stage, StageOptions } from './stage.ts';

export interface ScenarioOptions extends StageOptions {
  /** What the column has to be capable of; on another one the scenario is skipped. */
  readonly needs?: readonly Capability[];
}

type Run = (stage: Stage) => Promise<void>;

/** Declares a scenario: a test on a stage of its own, which ends with it. */
export function scenario(title: string, run: Run): void;
export function scenario(title: string, options: ScenarioOptions, run: Run): void;
export function scenario(title: string, ...rest: [Run] | [ScenarioOptions, Run]): void {
  const [options, run] = rest.length === 1 ? [{}, rest[0]] : rest;
  const { needs = [], ...stageOptions }: ScenarioOptions = options;
  const missing = needs.filter((capability) => !capabilities.has(capability));
  it.skipIf(missing.length > 0)(title, { timeout: 30_000 }, async () => {
    const stage = await startEmbedded(stageOptions);
    onTestFinished(() => stage.stop());
    await run(stage);
  });
}
