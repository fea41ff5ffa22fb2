/** Ledgers that were edited or deleted, and API servers that refuse them: nobody loses a live address. */
import { describe, expect, onTestFinished, test } from 'vitest';
import type { PodRef } from '../../shared/cluster/kubernetes.ts';
import { startBed } from '../support/bed.ts';
import { embeddedCluster } from '../support/embedded.ts';
import { leaveOn } from '../support/leftover.ts';
import { messageFor } from '../support/messages.ts';
import { NET_1 } from '../support/networks.ts';
import { sandboxCloud } from '../support/sandbox-aws.ts';
import { scenario } from '../support/scenario.ts';
import type { LedgerEdit, Stage } from '../support/stage.ts';
import { eventually } from '../support/wait.ts';
import { envelope } from '../unit/functions/records.ts';

const [X, Y, LEFT] = ['172.16.1.70', '172.16.1.71', '172.16.1.80'];
const ALONE = { forwarder: false };
const AT = '2026-01-02T03:04:05Z';
const GHOST: PodRef = { namespace: 'kube-system', name: 'ghost', uid: 'uid-ghost' };
/** The API server's patterns take its key, and it is no address. */
const NO_ADDRESS = '1:2:3:4:5:6:7::8:9';

async function running({ cluster, cloud, ...stage }: Stage) {
  const worker = await cluster.addWorker();
  await cluster.applyNetwork(NET_1);
  const on = { on: worker, networks: [{ network: NET_1, ips: [X] }] };
  const pod = await cluster.runPod('app', on);
  await eventually(() => cluster.attachedTo(pod)).toEqual([X]);
  await stage.look(worker);
  expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
  return { worker, pod };
}
const unassigns = ({ calls }: Stage): unknown[] =>
  calls.ec2.filter(({ action }) => action.startsWith('Unassign'));

describe('a live pod keeps its address', () => {
  for (const state of ['Assigning', 'Assigned', 'Releasing', 'Released'] as const) {
    scenario(`if somebody names another pod in its entry, ${state}`, ALONE, async (stage) => {
      const { cluster, cloud } = stage;
      const { worker, pod } = await running(stage);
      const entry: LedgerEdit = { state, at: AT, pod: GHOST };
      await cluster.editLedger(worker.eth1, { [X]: entry });
      await stage.look(worker);
      expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
      expect(unassigns(stage)).toEqual([]);
      expect(await cluster.ledgerOf(worker.eth1)).toEqual([`${X} assigned app`]);
      expect(await cluster.conditionOf(pod)).toMatchObject({ reason: 'Assigned' });
    });
  }

  scenario('if somebody deletes all ledgers, and they come back', ALONE, async (stage) => {
    const { cluster, cloud } = stage;
    const { worker, pod } = await running(stage);
    stage.calls.clear();
    await cluster.deleteLedgers();
    await stage.look(worker);
    expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
    expect(stage.calls.ec2.filter(({ action }) => /ssign/.test(action))).toEqual([]);
    expect(await cluster.ledgerOf(worker.eth1)).toEqual([`${X} assigned app`]);
    expect(await cluster.conditionOf(pod)).toMatchObject({ reason: 'Assigned' });
  });

  scenario('if its ledger cannot be read, and the operator is told', ALONE, async (stage) => {
    const { cluster, cloud, telemetry } = stage;
    const { worker } = await running(stage);
    await leaveOn(stage, worker.eth1, [LEFT]);
    await cluster.editLedger(worker.eth1, { [NO_ADDRESS]: { state: 'Assigned', at: AT } });
    const next = await cluster.runPod('next', {
      on: worker,
      networks: [{ network: NET_1, ips: [Y] }],
    });
    await eventually(() => cluster.attachedTo(next)).toEqual([Y]);
    await stage.look(worker);
    expect(await cloud.addressesOn(worker.eth1)).toEqual([X, Y, LEFT]);
    expect(await cluster.conditionOf(next)).toMatchObject({ reason: 'Assigned' });
    expect(telemetry.total('LedgerUnusable', 'demo')).toBeGreaterThan(0);
    expect(telemetry.lines.map(({ text }) => text)).toContain(
      'an ENILedger cannot be read: only what nobody has is assigned on its ENI',
    );

    await cluster.editLedger(worker.eth1, { [NO_ADDRESS]: null });
    await stage.look(worker);
    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([X, Y]);
  });
});

/** A worker with a live pod that has X, one that is new, and what is left of one that is gone. */
async function startRefusing() {
  const bed = await startBed();
  onTestFinished(() => bed.stop());
  const cluster = embeddedCluster(bed.world, bed.world.cluster);
  const cloud = sandboxCloud(bed.world, bed);
  const worker = await cluster.addWorker();
  await cluster.applyNetwork(NET_1);
  const run = async (name: string, ip: string) => {
    const pod = await cluster.runPod(name, {
      on: worker,
      networks: [{ network: NET_1, ips: [ip] }],
    });
    await eventually(() => cluster.attachedTo(pod)).toEqual([ip]);
    return pod;
  };
  const pod = await run('app', X);
  await leaveOn({ cluster, cloud }, worker.eth1, [X], pod);
  await leaveOn({ cluster, cloud }, worker.eth1, [LEFT]);
  const next = await run('next', Y);
  const look = () =>
    bed.reconcile({ Records: [envelope('look', 1, JSON.stringify(messageFor(worker)))] });
  const has = () => cloud.addressesOn(worker.eth1);
  const { faults } = bed.world.cluster.kubernetes;
  return { bed, cluster, faults, has, look, next };
}
const isWrite = ({ resource, verb }: { resource: string; verb: string }): boolean =>
  resource === 'eniledgers' && ['create', 'update'].includes(verb);

test.each([
  ['a policy engine refuses the write', 403],
  ['a webhook finds it wrong', 400],
  ['the object is too large', 413],
  ['the schema of another version does not take it', 422],
])(
  'if %s (%i), new pods get addresses, nothing is released, and the alarm rings',
  async (_, code) => {
    const { bed, cluster, faults, has, look, next } = await startRefusing();
    faults.failNext(99, isWrite, code);
    expect(await look()).toEqual({ batchItemFailures: [] });
    expect(await has()).toEqual([X, Y, LEFT]);
    expect(await cluster.conditionOf(next)).toMatchObject({ reason: 'Assigned' });
    expect(bed.telemetry.total('LedgerUnusable', 'demo')).toBeGreaterThan(0);
    const lines = bed.telemetry.lines.filter(({ text }) =>
      /ENILedger cannot be written/.test(text),
    );
    expect(JSON.stringify(lines[0])).toContain(String(code));
  },
);

test('if every write conflicts, nothing is sent, and the message is tried again', async () => {
  const { faults, has, look } = await startRefusing();
  let conflicting = true;
  faults.failNext(999, (call) => conflicting && isWrite(call), 409);
  expect(await look()).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-look' }] });
  expect(await has()).toEqual([X, LEFT]);
  conflicting = false;
  expect(await look()).toEqual({ batchItemFailures: [] });
  expect(await has()).toEqual([X, Y]);
});
