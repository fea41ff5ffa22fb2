import { NETWORKS } from '../../../shared/cluster/annotations.ts';
import type { MetricName } from '../../../shared/telemetry.ts';
import { leaveOn } from '../../support/leftover.ts';
import { ipvlan, NET_1, UNREADABLE } from '../../support/networks.ts';
import type { ScenarioOptions } from '../../support/scenario.ts';
import type { Stage } from '../../support/stage.ts';
import { eventually } from '../../support/wait.ts';

const X = '172.16.1.70';
/** The API server's patterns take it, and it is no address. */
const UNREADABLE_ENTRY = {
  '1:2:3:4:5:6:7::8:9': { state: 'Assigned', at: '2026-12-02T04:24:23Z' },
} as const;
const ALONE: ScenarioOptions = { forwarder: false };

/** How the product comes to emit what each alarm of a metric of ours watches. */
export const PROVOKED: Partial<
  Readonly<
    Record<MetricName, { readonly options?: ScenarioOptions; run(stage: Stage): Promise<void> }>
  >
> = {
  AddressesNotAssigned: {
    options: ALONE,
    async run(stage) {
      await appWith(stage, ['172.16.1.1']);
      await stage.sweep();
    },
  },
  AddressesWithheld: {
    options: ALONE,
    async run(stage) {
      await stage.cluster.applyNetwork(NET_1);
      for (const tens of [7, 8, 9]) {
        const { eth1 } = await stage.cluster.addWorker();
        const left = ['0', '1', '2', '3', '4', '5', '6', '7'].map(
          (last) => `172.16.1.${tens}${last}`,
        );
        await leaveOn(stage, eth1, left);
      }
      await stage.sweep();
    },
  },
  LedgerUnusable: {
    options: ALONE,
    async run(stage) {
      const worker = await stage.cluster.addWorker();
      await stage.cluster.editLedger(worker.eth1, UNREADABLE_ENTRY);
      await stage.look(worker);
    },
  },
  DriftMissing: {
    options: { ...ALONE, needs: ['ec2-faults'] },
    async run(stage) {
      stage.faults().throttleEc2('AssignPrivateIpAddresses', 0, 0.001);
      await appWith(stage, [X]);
      await stage.sweep();
      await eventually(() => stage.faults().throttled()).toBeGreaterThan(0);
      await stage.sweep();
    },
  },
  DriftLeaked: {
    options: {
      ...ALONE,
      clusters: [{ name: 'demo', policy: 'upsert-only' }],
    },
    async run(stage) {
      await stage.cluster.applyNetwork(NET_1);
      for (const tens of [7, 8]) {
        const { eth1 } = await stage.cluster.addWorker();
        const leaked = ['0', '1', '2', '3', '4', '5'].map((last) => `172.16.1.${tens}${last}`);
        await leaveOn(stage, eth1, leaked);
      }
      await stage.sweep();
      await stage.sweep();
    },
  },
  DriftFull: {
    options: ALONE,
    async run(stage) {
      const ips = ['70', '71', '72', '73', '74', '75'].map((last) => `172.16.1.${last}`);
      const worker = await appWith(stage, ips, 't3.medium');
      await stage.look(worker);
      await stage.sweep();
    },
  },
  PodsNotAttached: {
    options: ALONE,
    async run(stage) {
      const on = await stage.cluster.addWorker();
      await stage.cluster.applyNetwork(NET_1);
      const pod = await stage.cluster.runPod('app', { on });
      await eventually(async () => (await stage.cluster.pod(pod))?.sandboxSince).toBeDefined();
      await stage.cluster.annotatePod(pod, { [NETWORKS]: NET_1.name });
      await stage.sweep();
    },
  },
  NetworksUnreadable: {
    options: ALONE,
    async run(stage) {
      await stage.cluster.applyNetwork(UNREADABLE);
      await stage.sweep();
      await stage.sweep();
    },
  },
  LargeObjects: {
    options: ALONE,
    async run(stage) {
      const ipam = { type: 'static', note: 'x'.repeat(1_400_000) };
      for (let n = 0; n < 13; n += 1) {
        await stage.cluster.applyNetwork(ipvlan(`large-${n}`, 'eth1', ipam));
      }
      await stage.sweep();
      await stage.sweep();
    },
  },
  SweepCompleted: { options: ALONE, run: (stage) => stage.sweep() },
  ForwarderHeartbeat: {
    async run({ telemetry }) {
      await eventually(() => telemetry.total('ForwarderHeartbeat', 'demo')).toBeGreaterThan(0);
    },
  },
};

/** A worker with a pod that claims addresses on its eth1. */
async function appWith({ cluster }: Stage, ips: readonly string[], instanceType?: string) {
  const worker = await cluster.addWorker({ instanceType });
  await cluster.applyNetwork(NET_1);
  const pod = await cluster.runPod('app', { on: worker, networks: [{ network: NET_1, ips }] });
  await eventually(() => cluster.attachedTo(pod)).toEqual(ips);
  return worker;
}
