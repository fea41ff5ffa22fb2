import { describe, expect } from 'vitest';
import { FLOATING_IPS, IGNORE, NETWORK_STATUS } from '../../shared/cluster/annotations.ts';
import { ipvlan, NET_1, NET_2, networkStatus } from '../support/networks.ts';
import { scenario } from '../support/scenario.ts';
import type { Stage, Worker } from '../support/stage.ts';
import { eventually } from '../support/wait.ts';

const X = '172.16.1.70';
const VICTIM = 'victim';
const ATTACKER = 'attacker';

/** Every address of the subnet is in range: nothing but the rules keeps anyone from any of them. */
const WIDE = ipvlan(
  'wide',
  'eth1',
  { type: 'static' },
  { annotations: { 'multus-eni.dev/ranges': '["172.16.1.0/24"]' } },
);

describe('a pod that claims by its annotation what is not its own', () => {
  scenario('gets no address of a live pod of another namespace', async (stage) => {
    const { cluster, cloud } = stage;
    const { a, b } = await twoWorkers(stage);
    await runVictim(stage, a);

    // On another node, on the victim's own, and each as floating and the newest of all claims.
    const claim = {
      ...networkStatus([{ network: NET_1, ips: [X] }]),
      [FLOATING_IPS]: JSON.stringify([{ ip: X, since: '2031-01-01T00:00:00Z' }]),
    };
    for (const on of [a, b]) {
      const pod = await runAttacker(stage, on, claim);
      await eventually(() => cluster.conditionOf(pod)).toMatchObject({ reason: 'Conflict' });
    }
    await stage.settled();
    await stage.sweep();
    await stage.settled();
    expect(await cloud.addressesOn(a.eth1)).toEqual([X]);
    expect(await cloud.addressesOn(b.eth1)).toEqual([]);
  });

  scenario('gets it onto no other ENI of the same node either', async (stage) => {
    const { cluster, cloud } = stage;
    const worker = await cluster.addWorker({ subnets: ['multus1', 'multus1'] });
    const other = ipvlan('other', 'eth2', { type: 'static' });
    await cluster.applyNetwork(other);
    await applyNetworks(stage);
    await runVictim(stage, worker);

    const claim = networkStatus([{ network: other, ips: [X] }]);
    const pod = await runAttacker(stage, worker, claim);
    await eventually(() => cluster.conditionOf(pod)).toMatchObject({ reason: 'Conflict' });
    expect(await cloud.addressesOn(worker.eth1)).toEqual([X]);
    expect(await cloud.addressesOn(worker.eth2)).toEqual([]);
  });

  scenario("gets no node's primary address", async (stage) => {
    const { cluster, calls } = stage;
    const { a, b } = await twoWorkers(stage);
    // EC2 gives ENIs the first addresses of their subnet that are free.
    const first = Array.from({ length: 6 }, (_, index) => `172.16.1.${4 + index}`);
    const pod = await runAttacker(stage, a, networkStatus([{ network: WIDE, ips: first }]));

    await eventually(() => cluster.conditionOf(pod)).toMatchObject({ reason: 'Primary' });
    const { message = '' } = (await cluster.conditionOf(pod)) ?? {};
    for (const { eth1 } of [a, b]) expect(message).toContain(`the primary address of ${eth1}`);
    await stage.settled();
    expect(unassigned(stage)).toEqual([]);
    expect(calls.ec2.filter(({ input }) => input.includes('AllowReassignment'))).toEqual([]);
  });

  scenario(
    'gets no address of another cluster of the VPC',
    { clusters: [{ name: 'demo' }, { name: 'staging' }] },
    async (stage) => {
      const { cluster, cloud } = stage;
      const staging = stage.clusterNamed('staging');
      const theirs = await staging.addWorker();
      await staging.applyNetwork(NET_1);
      await staging.runPod('app', { on: theirs, networks: [{ network: NET_1, ips: [X] }] });
      await eventually(() => cloud.addressesOn(theirs.eth1)).toEqual([X]);

      const { a } = await twoWorkers(stage);
      const pod = await runAttacker(stage, a, networkStatus([{ network: NET_1, ips: [X] }]));
      await eventually(() => cluster.conditionOf(pod)).toMatchObject({ reason: 'HeldElsewhere' });
      await stage.settled();
      expect(await cloud.addressesOn(theirs.eth1)).toEqual([X]);
      expect(await cloud.addressesOn(a.eth1)).toEqual([]);
    },
  );

  scenario('gets no address of an ENI that is not managed', async (stage) => {
    const { cluster, cloud } = stage;
    const { a } = await twoWorkers(stage);
    const unmanaged = await cluster.addWorker({ eth1Tagged: false });
    await cloud.assign(unmanaged.eth1, [X]);

    const pod = await runAttacker(stage, a, networkStatus([{ network: NET_1, ips: [X] }]));
    await eventually(() => cluster.conditionOf(pod)).toMatchObject({ reason: 'HeldElsewhere' });
    // Nor by what would be a release, were it managed: nobody claims the address there.
    await stage.look(unmanaged);
    expect(await cloud.addressesOn(unmanaged.eth1)).toEqual([X]);
    expect(await cloud.addressesOn(a.eth1)).toEqual([]);
  });

  scenario("gets neither the subnet's gateway nor what else AWS reserves", async (stage) => {
    const { cluster, cloud } = stage;
    const { a } = await twoWorkers(stage);
    const reserved = ['172.16.1.0', '172.16.1.1', '172.16.1.2', '172.16.1.3', '172.16.1.255'];
    const pod = await runAttacker(stage, a, networkStatus([{ network: WIDE, ips: reserved }]));

    await eventually(() => cluster.conditionOf(pod)).toMatchObject({ reason: 'Reserved' });
    expect(await cloud.addressesOn(a.eth1)).toEqual([]);
    expect(assigned(stage)).toEqual([]);
  });

  scenario('and claims ten thousand costs itself alone', async (stage) => {
    const { cluster, cloud } = stage;
    const { a } = await twoWorkers(stage);
    const flood = Array.from({ length: 10_000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
    const pod = await runAttacker(stage, a, { [FLOATING_IPS]: JSON.stringify(flood) });
    await eventually(() => cluster.conditionOf(pod)).toMatchObject({
      reason: 'TooManyAddresses',
      message: expect.stringContaining('more than 1000 addresses'),
    });
    await runVictim(stage, a);
    expect(await cloud.addressesOn(a.eth1)).toEqual([X]);
  });

  scenario('and claims as many as can be read is told of a hundred', async (stage) => {
    const { cluster, telemetry } = stage;
    const { a } = await twoWorkers(stage);
    const flood = Array.from({ length: 1000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
    const pod = await runAttacker(stage, a, networkStatus([{ network: WIDE, ips: flood }]));
    await eventually(() => cluster.conditionOf(pod)).toMatchObject({
      reason: 'OutsideSubnet',
      message: expect.stringMatching(/; 900 more problems$/),
    });
    await runVictim(stage, a);
    const lines = telemetry.lines.map(({ detail }) => JSON.stringify(detail)?.length ?? 0);
    expect(Math.max(...lines)).toBeLessThan(10_000);
  });

  scenario('and cannot be read keeps what it had and gets no more', async (stage) => {
    const { cluster, cloud } = stage;
    const { a } = await twoWorkers(stage);
    const pod = await runAttacker(stage, a, networkStatus([{ network: NET_1, ips: [X] }]));
    await eventually(() => cloud.addressesOn(a.eth1)).toEqual([X]);

    const broken = '[{"name": "default/net-1", "ips": ["172.16.1.71"]}';
    await cluster.annotatePod(pod, { [NETWORK_STATUS]: broken });
    await eventually(() => cluster.conditionOf(pod)).toMatchObject({
      reason: 'UnreadableAnnotation',
    });
    await stage.settled();
    expect(await cloud.addressesOn(a.eth1)).toEqual([X]);
  });
});

describe('a NetworkAttachmentDefinition of somebody else', () => {
  scenario('that gives out everything releases nothing that is claimed', async (stage) => {
    const { cluster, cloud } = stage;
    const { a } = await twoWorkers(stage);
    await runVictim(stage, a);
    await cluster.applyNetwork({
      name: 'everything',
      namespace: ATTACKER,
      config: { type: 'ipvlan', master: 'eth1', ipam: { type: 'static' } },
      annotations: { 'multus-eni.dev/ranges': '["0.0.0.0/0", "::/0"]' },
    });
    await stage.look(a);
    await stage.sweep();
    await stage.settled();
    expect(await cloud.addressesOn(a.eth1)).toEqual([X]);
  });

  scenario(
    'releases nothing outside the configured ranges',
    { clusters: [{ name: 'demo', ranges: ['172.16.1.64/26'] }] },
    async (stage) => {
      const { cluster, cloud } = stage;
      const { a } = await twoWorkers(stage);
      await cloud.assign(a.eth1, ['172.16.1.200']);
      await cluster.applyNetwork({
        name: 'everything',
        namespace: ATTACKER,
        config: { type: 'ipvlan', master: 'eth1', ipam: { type: 'static' } },
        annotations: { 'multus-eni.dev/ranges': '["0.0.0.0/0"]' },
      });
      await stage.look(a);
      expect(await cloud.addressesOn(a.eth1)).toEqual(['172.16.1.200']);
    },
  );

  scenario("that is to be ignored is one of its own namespace's networks alone", async (stage) => {
    const { cluster, cloud } = stage;
    const { a } = await twoWorkers(stage);
    await runVictim(stage, a);
    await cluster.applyNetwork({
      ...NET_1,
      namespace: ATTACKER,
      annotations: { [IGNORE]: 'true' },
    });
    await stage.look(a);
    expect(await cloud.addressesOn(a.eth1)).toEqual([X]);
  });

  scenario('that cannot be read keeps nobody else from theirs', async (stage) => {
    const { cluster, cloud } = stage;
    const { a } = await twoWorkers(stage);
    await cluster.applyNetwork({
      name: 'broken',
      namespace: ATTACKER,
      config: { type: 'ipvlan', ipam: { type: 'host-local', subnet: 'everywhere' } },
    });
    await runVictim(stage, a);
    expect(await cloud.addressesOn(a.eth1)).toEqual([X]);
  });
});

async function twoWorkers(stage: Stage): Promise<{ readonly a: Worker; readonly b: Worker }> {
  const { cluster } = stage;
  const workers = { a: await cluster.addWorker(), b: await cluster.addWorker() };
  await applyNetworks(stage);
  return workers;
}

async function applyNetworks({ cluster }: Stage): Promise<void> {
  for (const namespace of [VICTIM, ATTACKER]) await cluster.addNamespace(namespace);
  for (const network of [NET_1, NET_2, WIDE]) await cluster.applyNetwork(network);
}

async function runVictim({ cluster, cloud }: Stage, on: Worker): Promise<void> {
  const networks = [{ network: NET_1, ips: [X] }];
  await cluster.runPod('app', { namespace: VICTIM, on, networks });
  await eventually(() => cloud.addressesOn(on.eth1)).toEqual([X]);
}

let attackers = 0;

/** A pod whose annotations somebody writes by hand, once Multus has written its own. */
async function runAttacker(
  { cluster }: Stage,
  on: Worker,
  annotations: Readonly<Record<string, string>>,
) {
  attackers += 1;
  const pod = await cluster.runPod(`pod-${attackers}`, { namespace: ATTACKER, on });
  await eventually(async () => (await cluster.pod(pod))?.ready).toBe(true);
  await cluster.annotatePod(pod, annotations);
  return pod;
}

function assigned(stage: Stage): string[] {
  return callsOf(stage, 'Assign');
}

function unassigned(stage: Stage): string[] {
  return callsOf(stage, 'Unassign');
}

function callsOf({ calls }: Stage, beginning: string): string[] {
  return calls.ec2
    .filter(({ action }) => action.startsWith(beginning))
    .map(({ action, input }) => `${action} ${input}`);
}
