import { Listr } from 'listr2';
import type { StartCluster } from './cluster.ts';
import { type DemoStage, setStage } from './stage.ts';
import type { Step } from './step.ts';
import { STEPS } from './steps/index.ts';
import { tableOf } from './table.ts';

export interface PlayedStep {
  readonly name: string;
  readonly ok: boolean;
  /** Whole milliseconds. */
  readonly ms: number;
}

export interface PlayedDemo {
  readonly steps: readonly PlayedStep[];
  /** Absent if the stage could not be set. */
  readonly stage?: DemoStage;
  /** Why the last of the steps is not ok. */
  readonly error?: unknown;
}

export interface PlayOptions {
  readonly silent: boolean;
  /** Once aborted, the process is about to end: nothing is told of what fails by that. */
  readonly signal?: AbortSignal;
  /** Default: the sandbox's own. */
  readonly startCluster?: StartCluster;
  /** Default: the user's scenario. */
  readonly steps?: readonly Step[];
}

const SETTING = 'EC2, SQS, EKS, Kubernetes and the reconciler start, on this machine alone';

/**
 * Plays all steps, up to the first that does not come out as it must. A task list on
 * stdout shows how far it is, unless `silent`.
 */
export async function play(
  resources: AsyncDisposableStack,
  { silent, signal, startCluster, steps: scenario = STEPS }: PlayOptions,
): Promise<PlayedDemo> {
  const steps: PlayedStep[] = [];
  let stage: DemoStage | undefined;
  const onStage = (): DemoStage => {
    if (stage === undefined) throw new Error('there is no stage');
    return stage;
  };
  const acts = [
    {
      name: SETTING,
      async run() {
        stage = await setStage(resources, startCluster);
        await stage.product.startForwarder();
        return [];
      },
    },
    ...scenario.map(({ name, run }) => ({ name, run: () => run(onStage()) })),
  ];
  const tasks = acts.map(({ name, run }) => ({
    title: name,
    async task(_: unknown, task: { output: string }) {
      const startedAt = performance.now();
      let ok = false;
      try {
        const lines = await run();
        ok = true;
        const shown = [...lines, await tableOf(onStage())].filter((line) => line !== '');
        if (shown.length > 0) task.output = shown.join('\n');
      } catch (error) {
        if (signal?.aborted) await new Promise(() => {});
        throw error;
      } finally {
        steps.push({ name, ok, ms: Math.round(performance.now() - startedAt) });
      }
    },
    rendererOptions: { persistentOutput: true, outputBar: Number.POSITIVE_INFINITY },
  }));
  const list = new Listr(tasks, {
    silentRendererCondition: silent,
    fallbackRenderer: 'simple',
    // Its own listener would end the process before all that runs is stopped.
    registerSignalListeners: false,
  });
  try {
    await list.run();
    return { steps, ...(stage === undefined ? {} : { stage }) };
  } catch (error) {
    return { steps, error, ...(stage === undefined ? {} : { stage }) };
  }
}
