import { describe, expect } from 'vitest';
import { leaveOn } from '../support/leftover.ts';
import { LOOSE, NET_1, NET_2, networkStatus } from '../support/networks.ts';
import { scenario } from '../support/scenario.ts';
import type { Stage } from '../support/stage.ts';
import { eventually } from '../support/wait.ts';

const X = '172.16.1.70';
const BOUNDED = { clusters: [{ name: 'demo', ranges: ['172.16.1.64/29'] }] };
const UPSERT_ONLY = { clusters: [{ name: 'demo', policy: 'upsert-only' as const }] };
const DRY_RUN = { clusters: [{ name: 'demo', policy: 'dry-run' as const }] };

describe('an address in no range', () => {
  scenario('is released when the pod that claimed it is deleted', async (stage) => {
    const { cluster, cloud } = stage;
    const { worker, pod } = await runningOn(stage, LOOSE);
    await cluster.deletePod(pod);
    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([]);
  });

  scenario('is released when the pod drops it', async (stage) => {
    const { cluster, cloud } = stage;
    const { worker, pod } = await runningOn(stage, LOOSE);
    await cluster.annotatePod(pod, networkStatus([{ network: LOOSE, ips: ['172.16.1.71'] }]));
    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.71']);
  });

  scenario(
    'is released also if Multus empties the annotation before the pod goes',
    { emptiesAnnotation: true },
    async (stage) => {
      const { cluster, cloud } = stage;
      const { worker, pod } = await runningOn(stage, LOOSE);
      await cluster.deletePod(pod);
      await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([]);
    },
  );

  scenario('stays if no ledger has it, and the sweep says what to do', async (stage) => {
    const { cluster, cloud, telemetry } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(LOOSE);
    await cloud.assign(worker.eth1, [X]);
    await stage.look(worker);
    await stage.sweep();
    await stage.settled();

    expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
    expect(telemetry.values('DriftForeign')).toEqual([1]);
    const summary = telemetry.lines.find(({ text }) => text === 'swept');
    expect(JSON.stringify(summary?.detail)).toContain(
      `${X} on ${worker.eth1} (${worker.name}): to have it released, multus-eni ledger adopt ${worker.eth1} ${X}`,
    );
  });
});

describe('an address that was assigned by hand', () => {
  // EC2 does not say who assigned an address: docs/security.md accepts it in these words.
  scenario('is released once a pod claimed it and let go of it', async (stage) => {
    const { cluster, cloud } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(LOOSE);
    await cloud.assign(worker.eth1, [X]);
    const on = { on: worker, networks: [{ network: LOOSE, ips: [X] }] };
    const pod = await cluster.runPod('app', on);
    await eventually(() => cluster.conditionOf(pod)).toMatchObject({ reason: 'Assigned' });
    expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
    await cluster.deletePod(pod);
    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([]);
  });

  scenario('stays whatever a pod claims, outside the configured ranges', BOUNDED, async (stage) => {
    const { cluster, cloud } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(LOOSE);
    const byHand = '172.16.1.80';
    await cloud.assign(worker.eth1, [byHand]);
    const on = { on: worker, networks: [{ network: LOOSE, ips: [byHand] }] };
    const pod = await cluster.runPod('app', on);
    const reason = 'OutsideConfiguredRanges';
    await eventually(() => cluster.conditionOf(pod)).toMatchObject({ reason });
    await cluster.deletePod(pod);
    await stage.settled();
    expect(await cloud.addressesOn(worker.eth1)).toEqual([byHand]);
  });
});

describe('configured ranges bound what is done', () => {
  scenario(
    'an address outside them is not assigned, and the pod is told',
    BOUNDED,
    async (stage) => {
      const { cluster, cloud } = stage;
      const worker = await cluster.addWorker();
      await cluster.applyNetwork(NET_1);
      const ips = ['172.16.1.80', X];
      const pod = await cluster.runPod('app', { on: worker, networks: [{ network: NET_1, ips }] });

      await eventually(() => cluster.conditionOf(pod)).toMatchObject({
        status: 'False',
        reason: 'OutsideConfiguredRanges',
      });
      expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
    },
  );

  scenario('an address outside them is not released', BOUNDED, async (stage) => {
    const { cluster, cloud } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    await leaveOn(stage, worker.eth1, [X, '172.16.1.80']);

    await stage.look(worker);
    expect(await cloud.addressesOn(worker.eth1)).toEqual(['172.16.1.80']);
  });
});

describe('the release policy', () => {
  scenario('upsert-only assigns and never unassigns', UPSERT_ONLY, async (stage) => {
    const { cluster, cloud, calls } = stage;
    const { worker, pod } = await runningOn(stage, NET_1);
    await cluster.deletePod(pod);
    await stage.settled();

    expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
    const actions = calls.ec2.map(({ action }) => action);
    expect(actions.filter((action) => action.startsWith('Unassign'))).toEqual([]);
  });

  scenario(
    'upsert-only takes nothing over either, and the pod is told',
    { ...UPSERT_ONLY, needs: ['one-holder'] },
    async (stage) => {
      const { cluster, cloud } = stage;
      const [a, b] = [await cluster.addWorker(), await cluster.addWorker()];
      await cluster.applyNetwork(NET_1);
      await leaveOn(stage, a.eth1, [X]);
      const pod = await cluster.runPod('app', { on: b, networks: [{ network: NET_1, ips: [X] }] });

      await eventually(() => cluster.conditionOf(pod)).toMatchObject({ reason: 'HeldElsewhere' });
      expect(await cloud.addressesOn(a.eth1)).toEqual([X]);
    },
  );

  scenario('dry-run changes nothing and says what it would do', DRY_RUN, async (stage) => {
    const { cluster, cloud, calls, telemetry } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    await cluster.applyNetwork(NET_2);
    await leaveOn(stage, worker.eth2, ['172.16.3.70']);
    await cluster.runPod('app', { on: worker, networks: [{ network: NET_1, ips: [X] }] });
    await stage.settled();

    expect(await cloud.addressesOn(worker.eth1)).toEqual([]);
    expect(await cloud.addressesOn(worker.eth2)).toEqual(['172.16.3.70']);
    // All that is written is what the pod is told.
    expect(calls.writes.filter(({ kind }) => kind !== 'condition')).toEqual([]);
    expect(telemetry.lines).toContainEqual(
      expect.objectContaining({
        text: 'dry run: nothing is changed',
        detail: { assign: [`${X} on ${worker.eth1}`], release: [`172.16.3.70 on ${worker.eth2}`] },
      }),
    );
  });

  scenario('dry-run tells each pod what it would do, and no other pod', DRY_RUN, async (stage) => {
    const { cluster } = stage;
    const worker = await cluster.addWorker();
    await cluster.applyNetwork(NET_1);
    const gated = await cluster.runPod('gated', {
      ...{ on: worker, networks: [{ network: NET_1, ips: [X] }], gated: true },
    });
    const plain = await cluster.runPod('plain', { on: worker });
    await eventually(() => cluster.conditionOf(gated)).toMatchObject({
      status: 'False',
      reason: 'DryRun',
      message: `assigned: none; dry-run: the policy of the cluster is dry-run, so nothing is changed. It would assign ${X} on ${worker.eth1}. Set policy: sync, and deploy`,
    });
    await stage.settled();
    expect(await cluster.conditionOf(plain)).toBeUndefined();
  });
});

async function runningOn({ cluster, cloud }: Stage, network: typeof NET_1 | typeof LOOSE) {
  const worker = await cluster.addWorker();
  await cluster.applyNetwork(network);
  const pod = await cluster.runPod('app', { on: worker, networks: [{ network, ips: [X] }] });
  await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([X]);
  return { worker, pod };
}
