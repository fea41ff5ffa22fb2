import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Listr, PRESET_TIMER } from 'listr2';
import { cacheDirectory } from './cache.ts';
import { type Plan, planParts, type Step } from './plan.ts';
import { gigabytes, type Obstacle, sizeOf } from './preconditions.ts';

export interface Parts {
  /** Everything but what real nodes and a browser need is there. */
  readonly complete: boolean;
  /** Why there can be no real nodes here; empty if there can. */
  readonly noNodes: readonly Obstacle[];
  /** Why there can be no browser here, as that. */
  readonly noBrowser: readonly Obstacle[];
}

/** Gets every part that is missing and can be had, showing progress; it says what can't. */
export async function getParts(): Promise<Parts> {
  const plan = await planParts();
  tellObstacles(plan);
  const failed = await take(plan.steps);
  for (const { title, message } of failed) console.error(`${title} failed: ${message}`);
  const directory = join(cacheDirectory(), 'parts');
  if (existsSync(directory)) {
    console.log(`The parts are in ${directory} (${gigabytes(await sizeOf(directory))}).`);
  }
  return {
    complete: plan.obstacles.length === 0 && failed.length === 0,
    noNodes: plan.noNodes,
    noBrowser: plan.noBrowser,
  };
}

function tellObstacles({ noNodes, noBrowser, obstacles, blocked }: Plan): void {
  for (const { what, remedy } of [...obstacles, ...noNodes, ...noBrowser]) {
    console.error(`Missing: ${what}.\n  To get it: ${remedy}.`);
  }
  if (blocked.length > 0) console.error(`Would have been done: ${blocked.join('; ')}.`);
  if (noNodes.length > 0) console.error('Left out: the real nodes.');
  if (noBrowser.length > 0) console.error('Left out: the map in a browser.');
}

/** One after the other: a Go build uses every core. */
async function take(
  steps: readonly Step[],
): Promise<{ readonly title: string; readonly message: string }[]> {
  const failed: { title: string; message: string }[] = [];
  const list = new Listr(
    steps.map(({ title, run }) => ({
      title,
      async task(_context, task) {
        try {
          await run((line) => {
            task.output = line;
          });
        } catch (error) {
          failed.push({ title, message: error instanceof Error ? error.message : String(error) });
          throw error;
        }
      },
    })),
    {
      exitOnError: false,
      // If nobody watches, one line as each begins and ends.
      fallbackRenderer: 'simple',
      rendererOptions: { collapseErrors: true, timer: PRESET_TIMER },
      fallbackRendererOptions: { timer: PRESET_TIMER },
    },
  );
  await list.run();
  return failed;
}
