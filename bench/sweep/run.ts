import type { World } from '../../sandbox/world.ts';
import { type Invocation, startBundle } from '../support/bundle-process.ts';
import type { CpuShare } from '../support/cpu-share.ts';

/** What one sweep took. */
export interface SweepFigures extends Omit<Invocation, 'answer'> {
  readonly ec2Calls: number;
  readonly kubernetesCalls: number;
  /** Of the API server's answers, as they were sent. */
  readonly kubernetesBytes: number;
  readonly throttled: number;
}

/**
 * Sweeps by the deployed bundle.
 *
 * @param file the bundle.
 * @returns the figures of each sweep, in turn.
 */
export async function sweepInTurn(
  world: World,
  file: string,
  { cpu, times }: { readonly cpu: CpuShare; readonly times: number },
): Promise<SweepFigures[]> {
  const bundle = startBundle({ file, name: 'sweep' }, world.environment, cpu);
  const all: SweepFigures[] = [];
  for (let turn = 0; turn < times; turn += 1) {
    world.ec2.calls.clear();
    world.cluster.kubernetes.forgetCalls();
    const sentBefore = world.cluster.kubernetes.sentBytes();
    const { seconds, cpuSeconds, peakMiB } = await bundle.invoke({ cluster: world.cluster.name });
    const kubernetesBytes = world.cluster.kubernetes.sentBytes() - sentBefore;
    all.push({ ...countCalls(world), kubernetesBytes, seconds, cpuSeconds, peakMiB });
  }
  const lines = (await bundle.end()).split('\n');
  const failures = lines.filter((line) => line.includes('was not swept'));
  if (failures.length > 0) throw new Error(failures.join('\n'));
  return all;
}

function countCalls(world: World) {
  const ec2 = world.ec2.calls.all();
  const throttled = ec2.filter(
    ({ outcome }) => outcome.kind === 'refused' && outcome.code === 'RequestLimitExceeded',
  );
  return {
    ec2Calls: ec2.length,
    throttled: throttled.length,
    kubernetesCalls: world.cluster.kubernetes.calls.length,
  };
}
