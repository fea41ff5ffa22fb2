/** Who holds an address and what is ours to release is written down where no tenant can write. */
import { expect } from 'vitest';
import { NETWORK_STATUS } from '../../shared/cluster/annotations.ts';
import { CONDITION_TYPE } from '../../shared/cluster/kubernetes.ts';
import { leaveOn } from '../support/leftover.ts';
import { ipvlan, NET_1, networkStatus } from '../support/networks.ts';
import { scenario } from '../support/scenario.ts';
import type { Stage, Worker } from '../support/stage.ts';
import { eventually } from '../support/wait.ts';

const X = '172.16.1.70';
const [VICTIM, ATTACKER] = ['victim', 'attacker'];
const BY_HAND = '172.16.1.200';

/** What a condition says that names X on an ENI. */
function forged(eniId: string) {
  const message = `assigned: ${X} on ${eniId}`;
  return { type: CONDITION_TYPE, status: 'True', reason: 'Assigned', message };
}

scenario('a forged condition takes no live address, on the same node', async (stage) => {
  const { cluster, cloud } = stage;
  const { worker, victim } = await startVictim(stage);
  const attacker = await runAttacker(stage, worker);
  await cluster.forgeCondition(attacker, forged(worker.eth1));
  await stage.look(worker);
  await stage.sweep();
  await stage.settled();

  expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
  await eventually(() => cluster.conditionOf(attacker)).toMatchObject({ reason: 'Conflict' });
  expect(await cluster.conditionOf(victim)).toMatchObject({ reason: 'Assigned' });
});

scenario('nor on another node, whatever ENI it names', async (stage) => {
  const { cluster, cloud } = stage;
  const { worker } = await startVictim(stage);
  const other = await cluster.addWorker();
  const attacker = await runAttacker(stage, other);
  for (const eniId of [worker.eth1, other.eth1]) {
    await cluster.forgeCondition(attacker, forged(eniId));
    await stage.look(other);
    await stage.look(worker);
    await stage.settled();
    expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
    expect(await cloud.addressesOn(other.eth1)).toEqual([]);
  }
});

scenario(
  'a forged condition claims nothing for an annotation that cannot be read',
  async (stage) => {
    const { cluster, cloud } = stage;
    const { worker } = await startVictim(stage);
    const attacker = await runAttacker(stage, worker);
    await cluster.annotatePod(attacker, { [NETWORK_STATUS]: 'none of our business' });
    await cluster.forgeCondition(attacker, forged(worker.eth1));
    await stage.look(worker);
    await stage.settled();

    expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
    await eventually(() => cluster.conditionOf(attacker)).toMatchObject({
      reason: 'UnreadableAnnotation',
      message: expect.stringMatching(/^assigned: none; /),
    });
  },
);

scenario('a definition that declares everything makes nothing ours to release', async (stage) => {
  const { cluster, cloud } = stage;
  const { worker } = await startVictim(stage);
  await cloud.assign(worker.eth1, [BY_HAND]);
  await cluster.applyNetwork({
    ...ipvlan('everything', 'eth1', { type: 'static' }),
    namespace: ATTACKER,
    annotations: { 'multus-eni.dev/ranges': '["0.0.0.0/0", "::/0"]' },
  });
  await stage.look(worker);
  await stage.sweep();
  await stage.settled();

  expect(await cloud.addressesOn(worker.eth1)).toEqual([X, BY_HAND]);
});

scenario('what the functions put there goes, whatever a definition says', async (stage) => {
  const { cloud } = stage;
  const { worker } = await startVictim(stage);
  await leaveOn(stage, worker.eth1, [BY_HAND]);
  await stage.look(worker);

  await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([X]);
});

scenario(
  'a pod gets no address of a block that is kept for other namespaces, also if nobody has it',
  { clusters: [{ name: 'demo', namespaces: { '172.16.1.64/28': [VICTIM] } }] },
  async (stage) => {
    const { cluster, cloud } = stage;
    const { victim, worker } = await startVictim(stage);
    const other = await cluster.addWorker();
    const attacker = await runAttacker(stage, other);
    const reason = 'OtherNamespaces';
    await eventually(() => cluster.conditionOf(attacker)).toMatchObject({ reason });
    await cluster.deletePod(victim);

    await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([]);
    await stage.settled();
    expect(await cloud.addressesOn(other.eth1)).toEqual([]);
    expect(await cluster.conditionOf(attacker)).toMatchObject({ reason });
  },
);

async function startVictim({ cluster, cloud }: Stage) {
  const worker = await cluster.addWorker();
  for (const namespace of [VICTIM, ATTACKER]) await cluster.addNamespace(namespace);
  await cluster.applyNetwork(NET_1);
  const victim = await cluster.runPod('app', {
    namespace: VICTIM,
    on: worker,
    networks: [{ network: NET_1, ips: [X] }],
  });
  await eventually(() => cluster.conditionOf(victim)).toMatchObject({ reason: 'Assigned' });
  expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
  return { worker, victim };
}

async function runAttacker({ cluster }: Stage, on: Worker) {
  const pod = await cluster.runPod('pod', { namespace: ATTACKER, on });
  await eventually(async () => (await cluster.pod(pod))?.ready).toBe(true);
  await cluster.annotatePod(pod, networkStatus([{ network: NET_1, ips: [X] }]));
  return pod;
}
