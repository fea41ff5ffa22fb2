/** docs/adopting.md, "To the ledger": clusters whose addresses were assigned by functions that wrote nothing down. */
import { describe, expect } from 'vitest';
import type { PodRef } from '../../shared/cluster/kubernetes.ts';
import { LOOSE, NET_1, NET_2 } from '../support/networks.ts';
import { scenario } from '../support/scenario.ts';
import type { LedgerEdit, Network, Stage, Worker } from '../support/stage.ts';
import { eventually } from '../support/wait.ts';
import { multusEni } from './multus-eni.ts';
import { twoWorkers, X } from './two-workers.ts';

const [Y, Z, LOOSE_IP] = ['172.16.1.71', '172.16.1.72', '172.16.1.200'];
const ALONE = { forwarder: false };
const LONG_AGO = '2026-01-02T03:04:05Z';
const GONE: PodRef = { namespace: 'default', name: 'gone', uid: 'uid-gone' };

/** What was written down long ago. */
const old = (state: LedgerEdit['state'], { name, namespace, uid }: PodRef): LedgerEdit => ({
  state,
  at: LONG_AGO,
  pod: { name, namespace, uid },
});
const changes = ({ calls }: Stage): string[] =>
  calls.ec2.map(({ action }) => action).filter((action) => /^(Una|A)ssign/.test(action));

/** Waits until what a sweep has sent is done. */
const done = ({ queue }: Stage): Promise<void> => eventually(() => queue.size()).toBe(0);

async function oneWorker({ cluster }: Stage): Promise<Worker> {
  const worker = await cluster.addWorker();
  await cluster.applyNetwork(NET_1);
  return worker;
}

interface Served {
  readonly on: Worker;
  readonly namespace?: string;
  readonly network?: Network;
  readonly ips: readonly string[];
}

/** A pod that the old functions served: EC2 has its addresses, and no ledger does. */
async function served(
  { cluster, cloud }: Stage,
  name: string,
  { on, network = NET_1, ips, ...more }: Served,
): Promise<PodRef> {
  const pod = await cluster.runPod(name, { on, networks: [{ network, ips }], ...more });
  await eventually(() => cluster.attachedTo(pod)).toEqual(ips);
  await cloud.assign(network === NET_2 ? on.eth2 : on.eth1, ips);
  return pod;
}

describe('a cluster of the time before the ledger', () => {
  scenario('is adopted without one call to EC2 that writes', ALONE, async (stage) => {
    const { cluster, cloud } = stage;
    const { a, b } = await twoWorkers(stage, NET_1);
    for (const network of [NET_2, LOOSE]) await cluster.applyNetwork(network);
    const pods = [
      await served(stage, 'app', { on: a, ips: [X] }),
      await served(stage, 'second', { on: a, network: NET_2, ips: ['172.16.3.70'] }),
      await served(stage, 'loose', { on: a, network: LOOSE, ips: [LOOSE_IP] }),
      await served(stage, 'other', { on: b, ips: [Y] }),
    ];
    await stage.look(a);
    await stage.look(b);

    expect(await cluster.ledgerOf(a.eth1)).toEqual([
      `${X} assigned app`,
      `${LOOSE_IP} assigned loose`,
    ]);
    expect(await cluster.ledgerOf(a.eth2)).toEqual(['172.16.3.70 assigned second']);
    expect(await cluster.ledgerOf(b.eth1)).toEqual([`${Y} assigned other`]);
    expect(changes(stage)).toEqual([]);
    for (const pod of pods) {
      expect(await cluster.conditionOf(pod)).toMatchObject({ status: 'True', reason: 'Assigned' });
    }
    expect(await cloud.addressesOn(a.eth1)).toEqual([X, LOOSE_IP]);
  });

  scenario('keeps what its pods have also if nothing but sweeps looks', ALONE, async (stage) => {
    const { cluster, cloud } = stage;
    const worker = await oneWorker(stage);
    const pod = await served(stage, 'app', { on: worker, ips: [X] });
    await stage.sweep();
    await done(stage);
    expect(await cluster.ledgerOf(worker.eth1)).toEqual([`${X} assigned app`]);
    expect(changes(stage)).toEqual([]);

    await cluster.deletePod(pod);
    await eventually(() => cluster.pod(pod)).toBeUndefined();
    await stage.look(worker);
    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([]);
  });

  scenario('leaves what leaked before, until an operator adopts it', ALONE, async (stage) => {
    const { cloud } = stage;
    const worker = await oneWorker(stage);
    await served(stage, 'app', { on: worker, ips: [X] });
    await cloud.assign(worker.eth1, [Y, LOOSE_IP]);
    await stage.look(worker);
    await stage.sweep();
    await done(stage);
    expect(await cloud.addressesOn(worker.eth1)).toHaveLength(3);
    expect(stage.telemetry.values('DriftForeign')).toEqual([2]);

    const run = await multusEni(stage);
    const adopted = await run('ledger adopt --unclaimed --ranges --yes --stage demo');
    expect(adopted).toMatchObject({ code: 0, stderr: '' });
    await stage.look(worker);
    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([X, LOOSE_IP]);
  });
});

describe('functions of before the ledger beside those of today', () => {
  scenario('assign what the next look adopts', ALONE, async (stage) => {
    const { cluster } = stage;
    const worker = await oneWorker(stage);
    await served(stage, 'app', { on: worker, ips: [X] });
    await stage.look(worker);
    await served(stage, 'meanwhile', { on: worker, ips: [Y] });
    await stage.look(worker);
    expect(await cluster.ledgerOf(worker.eth1)).toEqual([
      `${X} assigned app`,
      `${Y} assigned meanwhile`,
    ]);
    expect(changes(stage)).toEqual([]);
  });

  scenario(
    'leave what they assigned to a pod that has gone, and nobody takes it',
    ALONE,
    async (stage) => {
      const { cluster, cloud } = stage;
      const worker = await oneWorker(stage);
      const pod = await served(stage, 'app', { on: worker, ips: [X] });
      await cluster.deletePod(pod);
      await eventually(() => cluster.pod(pod)).toBeUndefined();
      await stage.look(worker);
      await stage.sweep();
      await done(stage);
      expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
      expect(stage.telemetry.values('DriftForeign')).toEqual([1]);
    },
  );

  scenario('release what a pod claims, and it is assigned again', ALONE, async (stage) => {
    const { cluster, cloud } = stage;
    const worker = await oneWorker(stage);
    const pod = await served(stage, 'app', { on: worker, ips: [X] });
    await cluster.editLedger(worker.eth1, { [X]: old('Assigned', pod) });
    await cloud.unassign(worker.eth1, [X]);
    await stage.look(worker);
    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([X]);
    expect(await cluster.ledgerOf(worker.eth1)).toEqual([`${X} assigned app`]);
  });

  scenario('release what nobody claims, and the entry costs no call', ALONE, async (stage) => {
    const { cluster, cloud } = stage;
    const worker = await oneWorker(stage);
    await cluster.editLedger(worker.eth1, { [X]: old('Assigned', GONE) });
    await stage.look(worker);
    expect(await cluster.ledgerOf(worker.eth1)).toEqual([`${X} releasing gone`]);
    expect(changes(stage)).toEqual([]);
    expect(await cloud.addressesOn(worker.eth1)).toEqual([]);
  });
});

describe('after a rollback and a second upgrade, the ledgers are old', () => {
  for (const state of ['Assigning', 'Assigned', 'Releasing', 'Released'] as const) {
    scenario(
      `a live pod keeps what an old entry calls ${state} for another pod`,
      ALONE,
      async (stage) => {
        const { cluster, cloud } = stage;
        const worker = await oneWorker(stage);
        await cluster.addNamespace('later');
        await cluster.editLedger(worker.eth1, { [X]: old(state, GONE) });
        const pod = await served(stage, 'app', { namespace: 'later', on: worker, ips: [X] });
        await stage.look(worker);
        await stage.sweep();
        await done(stage);

        expect(await cluster.ledgerOf(worker.eth1)).toEqual([`${X} assigned app`]);
        expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
        expect(changes(stage).filter((action) => action.startsWith('Unassign'))).toEqual([]);
        expect(await cluster.conditionOf(pod)).toMatchObject({ reason: 'Assigned' });
      },
    );
  }

  scenario('a pod keeps what an old entry has on another node', ALONE, async (stage) => {
    const { cluster, cloud } = stage;
    const { a, b } = await twoWorkers(stage, NET_1);
    await cluster.editLedger(a.eth1, { [X]: old('Assigned', GONE), [Z]: old('Assigning', GONE) });
    const pod = await served(stage, 'app', { on: b, ips: [X] });
    for (const worker of [a, b, a]) await stage.look(worker);

    expect(await cloud.addressesOn(b.eth1)).toEqual([X]);
    expect(await cluster.ledgerOf(b.eth1)).toEqual([`${X} assigned app`]);
    expect(await cluster.ledgerOf(a.eth1)).toEqual([`${X} releasing gone`, `${Z} releasing gone`]);
    expect(await cluster.conditionOf(pod)).toMatchObject({ reason: 'Assigned' });
    expect(changes(stage)).toEqual([]);
  });

  scenario(
    'what an old entry has and nobody claims is released, as it was ours',
    ALONE,
    async (stage) => {
      const { cluster, cloud } = stage;
      const worker = await cluster.addWorker();
      await cluster.editLedger(worker.eth1, { [X]: old('Assigned', GONE) });
      await cloud.assign(worker.eth1, [X, Y]);
      await stage.look(worker);
      await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([Y]);
    },
  );
});
