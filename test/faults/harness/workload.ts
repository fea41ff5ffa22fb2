import { controlName, type Stop } from '../../../shared/control.ts';
import type { PolicyName } from '../../../shared/plan/policy.ts';
import { sleep } from '../../../shared/time/clock.ts';
import { createPod, type VirtualPod, type VirtualPodSpec } from '../world/pods.ts';
import type { NetworkName, VirtualCluster, VirtualWorld, WorkerSpec } from '../world/world.ts';
import type { Bed } from './bed.ts';
import { STAGE } from './controls.ts';

/** After this a read counts for more than what an entry says (docs/design.md, rule L17), unless it lags. ms */
export const SETTLES_MS = 16_000;

/** Something that happens to clusters, the same in every run. */
export interface Workload {
  readonly name: string;
  /** Default: one, `demo`. */
  readonly clusters?: readonly string[];
  readonly workers: readonly WorkerSpec[];
  /** Default: `net-1`. */
  readonly networks?: readonly NetworkName[];
  /** Nodes tell how much room the networks have. */
  readonly room?: boolean;
  /** The policy that the functions begin with; default `sync`. */
  readonly policy?: PolicyName;
  /**
   * It changes what no event tells of: tags, ENIs, subnets. In trouble, what a pod's event said of it
   * too early is left to the sweep.
   */
  readonly unannounced?: boolean;
  /** What is there, and has come to rest, before anything can go wrong. */
  prepare?(player: Player): Promise<void>;
  play(player: Player): Promise<void>;
}

/** What a workload does. */
export interface Player {
  readonly world: VirtualWorld;
  /** The first cluster. */
  readonly cluster: VirtualCluster;
  clusterNamed(name: string): VirtualCluster;
  /** Creates a pod, of the first cluster unless another is given. */
  pod(name: string, spec: VirtualPodSpec & { readonly cluster?: string }): VirtualPod;
  wait(ms: number): Promise<void>;
  sweep(): void;
  sendMalformed(node: string): void;
  /** Every watch ends, and begins again with a list. */
  breakWatches(): void;
  /** Has each node looked at. */
  lookAtAll(): void;
  /** Pods' objects vanish, which no watch tells of, and the pods run on. @returns what brings them back. */
  vanish: Bed['vanish'];
  /** An operator writes what is stopped in the first cluster, or, without a policy, that nothing is. */
  stop(policy?: Stop['policy']): void;
  deploy: Bed['deploy'];
}

export function playerOf(bed: Bed): Player {
  const { world } = bed;
  const clusterNamed = (name: string): VirtualCluster => {
    const found = world.clusters.get(name);
    if (found === undefined) throw new Error(`there is no cluster ${name}`);
    return found;
  };
  const [first = ''] = world.clusters.keys();
  return {
    world,
    cluster: clusterNamed(first),
    clusterNamed,
    pod: (name, { cluster = first, ...spec }) => createPod(clusterNamed(cluster), name, spec),
    wait: (ms) => sleep(world.clock, ms),
    sweep: bed.sweep,
    sendMalformed: (node) => bed.sendMalformed(first, node),
    breakWatches: bed.breakWatches,
    lookAtAll: bed.resync,
    vanish: bed.vanish,
    deploy: bed.deploy,
    stop(policy) {
      const since = new Date(world.clock.now()).toISOString();
      const stops = policy === undefined ? [] : [{ cluster: first, policy, since }];
      bed.log?.(`an operator writes: ${policy ?? 'nothing is stopped'}`);
      world.parameters.set(controlName(STAGE), JSON.stringify({ stops }));
    },
  };
}
