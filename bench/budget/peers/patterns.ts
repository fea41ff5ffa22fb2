import { type Clock, type Random, sleep } from '../../../shared/time/clock.ts';
import type { VirtualWorker } from '../../../test/faults/world/world.ts';
import type { BenchAddress } from '../pods.ts';
import type { Boto } from './boto.ts';

/** A pod that Multus has attached. */
export interface AttachedPod {
  readonly worker: VirtualWorker;
  readonly addresses: readonly BenchAddress[];
  /** EC2 did not assign it, and nobody will try again. */
  lost(address: BenchAddress): void;
  /** The peer is done with it. */
  done(): void;
}

/** What a peer does about pods: the calls that its code makes, and no more. */
export type Pattern = (surroundings: {
  readonly clock: Clock;
  readonly random: Random;
  readonly calls: Boto;
  readonly workers: readonly VirtualWorker[];
  readonly subnets: readonly string[];
}) => (pod: AttachedPod) => void;

/** How long either waits for a call on an ENI, before it takes the call for done. */
const JOIN_MS = 2_000;
const RETRY_MS = 500;
const LOOP_MS = 1_000;

/**
 * aws-samples/eks-automated-ipmgmt-multus-pods, code/assign-ip-new-ip6-parallel.py as an init container:
 * in each pod one DescribeInstances, a DescribeSubnets for each ENI of the worker, and an Assign for each
 * attachment, side by side. What a describe throws has it try again after half a second. That an Assign
 * failed for good, it does not notice.
 */
const initContainer: Pattern = ({ clock, calls, subnets }) => {
  const describe = async (worker: VirtualWorker): Promise<void> => {
    for (;;) {
      try {
        await calls.describeInstance(worker.instanceId);
        for (const subnet of subnets) await calls.describeSubnet(subnet);
        return;
      } catch {
        await sleep(clock, RETRY_MS);
      }
    }
  };
  return async (pod) => {
    await describe(pod.worker);
    // It ends with its processes.
    await Promise.all(assignAll(calls, pod));
    pod.done();
  };
};

/**
 * aws-samples/eks-nonintrusive-automated-ipmgmt-multus-pods, code/assignPodAddress.py: a loop on each
 * node lists all pods of the cluster. It takes the pods of its node that it has not seen yet, one after
 * another, and makes an Assign for each attachment. Then it sleeps a second. It does not notice a
 * failed call.
 */
const daemonSet: Pattern = ({ clock, random, calls, workers }) => {
  const waiting = new Map(workers.map(({ name }) => [name, [] as AttachedPod[]]));
  const loop = async (name: string): Promise<void> => {
    await sleep(clock, random() * LOOP_MS);
    for (;;) {
      for (const pod of waiting.get(name)?.splice(0) ?? []) {
        const all = Promise.all(assignAll(calls, pod)).then(pod.done);
        await Promise.race([all, sleep(clock, JOIN_MS)]);
      }
      await sleep(clock, LOOP_MS);
    }
  };
  for (const { name } of workers) void loop(name);
  return (pod) => void waiting.get(pod.worker.name)?.push(pod);
};

function assignAll(calls: Boto, pod: AttachedPod): Promise<unknown>[] {
  return pod.addresses.map((address) =>
    calls.assign(address.eniId, address.ip).catch(() => pod.lost(address)),
  );
}

export const PATTERNS = { initContainer, daemonSet } as const;
export type PeerName = keyof typeof PATTERNS;
