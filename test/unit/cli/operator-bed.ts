import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import type { CliOutside } from '../../../cli/outside.ts';
import { run } from '../../../cli/program.ts';
import { systemClock } from '../../../shared/time/clock.ts';
import { type Bed, type BedOptions, startBed } from '../../support/bed.ts';
import { embeddedCluster } from '../../support/embedded.ts';
import { type Ended, ended } from '../../support/ended.ts';
import type { StageCluster, Worker } from '../../support/stage.ts';
import { cloudClient } from '../../support/stage-cloud.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** The product on the sandbox, and an operator in front of it. */
export interface OperatorBed {
  readonly bed: Bed;
  readonly cluster: StageCluster;
  readonly cloud: ReturnType<typeof cloudClient>;
  readonly workers: readonly Worker[];
  readonly kubeconfig: string;
  /** Runs `multus-eni`, with a kubeconfig unless the environment says otherwise. */
  operate(args: readonly string[], outside?: Partial<CliOutside>): Promise<Ended>;
}

/** @param workers how many; each with eth1 and eth2. */
export async function operatorBed(workers = 2, options: BedOptions = {}): Promise<OperatorBed> {
  const bed = await startBed(options);
  onTestFinished(() => bed.stop());
  const { world } = bed;
  const folder = await temporaryFolder();
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, world.cluster.kubernetes.kubeconfig());
  for (const [name, value] of Object.entries(world.environment)) vi.stubEnv(name, value);
  const cluster = embeddedCluster(world, world.cluster);
  const added: Worker[] = [];
  for (let index = 0; index < workers; index += 1) added.push(await cluster.addWorker());
  return {
    bed,
    cluster,
    cloud: cloudClient(bed.ec2),
    workers: added,
    kubeconfig,
    operate: (args, outside) =>
      operate(args, { environment: { HOME: folder, KUBECONFIG: kubeconfig }, ...outside }),
  };
}

/** Runs the program in this process. */
export async function operate(
  args: readonly string[],
  outside: Partial<CliOutside> = {},
): Promise<Ended> {
  const interrupted = () => new AbortController().signal;
  const all = await ended((streams) =>
    run(args, { environment: {}, clock: systemClock, ...streams, interrupted, ...outside }),
  );
  // How far it is, is told where it takes long, as on a busy machine.
  const stderr = all.stderr.replace(
    /^\S+: (reading|comparing|removing|two pods|\d+ (ENIs|pods)).*\n/gm,
    '',
  );
  return { ...all, stderr };
}

/** The lines of a text that are wider than people's terminals. */
export function tooWide(text: string): string[] {
  return text.split('\n').filter((line) => line.length > 100);
}

/** A line as the functions print it for CloudWatch. */
export function embedded(
  service: string,
  metrics: Readonly<Record<string, number>>,
  at = Date.now(),
): string {
  return JSON.stringify({
    _aws: {
      Timestamp: at,
      CloudWatchMetrics: [
        {
          Namespace: 'MultusEniReconciler',
          Dimensions: [['service', 'cluster']],
          Metrics: Object.keys(metrics).map((Name) => ({ Name, Unit: 'Count' })),
        },
      ],
    },
    service,
    cluster: 'demo',
    ...metrics,
  });
}
