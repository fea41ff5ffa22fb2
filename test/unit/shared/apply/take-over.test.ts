import { describe, expect, it } from 'vitest';
import type { ActOptions } from '../../../../shared/apply/act.ts';
import { POLICIES } from '../../../../shared/plan/policy.ts';
import { podWith } from '../../../support/in-memory-kubernetes.ts';
import { changesIn, startActBed, startContested } from './bed.ts';

const X = '172.16.1.70';
const Y = '172.16.1.71';
const OUTSIDE = '172.16.1.200';
const SIX = '2001:db8:0:1::72';

describe('an address on another node’s ENI', () => {
  it('is taken over as a leftover of ours, and its node is to be told', async () => {
    const { a, b, on, reconcile } = await startContested();
    const done = await reconcile(a);
    expect([on(a.eth1), on(b.eth1)]).toEqual([[X], []]);
    expect(done).toMatchObject({ takenOver: [X], problems: [], assigned: [X] });
    expect([...done.unassignedFrom]).toEqual(['node-b']);
  });

  it('is left with a live holder, without a call that changes anything', async () => {
    const bed = await startContested();
    bed.kubernetes.pods.push(podWith('node-b', 'holder', [X]));
    const { problems, unassignedFrom } = await bed.reconcile(bed.a);
    expect(problems).toMatchObject([
      { kind: 'conflict', address: X, holder: { pod: { name: 'holder' }, node: 'node-b' } },
    ]);
    expect(changesIn(bed.ec2)).toEqual([`Assign ${bed.a.eth1} ${X}`]);
    expect(unassignedFrom.size).toBe(0);
  });

  it('passes from a terminating pod of the namespace', async () => {
    const bed = await startContested();
    bed.kubernetes.pods.push(podWith('node-b', 'going', [X], { terminating: true }));
    expect((await bed.reconcile(bed.a)).problems).toEqual([]);
    expect(bed.on(bed.a.eth1)).toEqual([X]);
  });

  it('goes by IPv6 as by IPv4', async () => {
    const { a, b, on, reconcile } = await startContested([SIX]);
    expect(await reconcile(a)).toMatchObject({ problems: [], takenOver: [SIX] });
    expect([on(a.eth1), on(b.eth1)]).toEqual([[SIX], []]);
  });

  it('is taken outside ranges as well as inside, if the ledger there has it', async () => {
    const { a, b, on, reconcile } = await startContested([OUTSIDE]);
    expect((await reconcile(a)).problems).toEqual([]);
    expect([on(a.eth1), on(b.eth1)]).toEqual([[OUTSIDE], []]);
  });

  it('stays if no ledger has it, in a range as well as outside', async () => {
    const { a, b, kubernetes, on, reconcile } = await startContested([X, OUTSIDE]);
    kubernetes.ledgers.clear();
    const why = { kind: 'held-elsewhere', why: 'not-recorded', eniId: b.eth1 };
    expect((await reconcile(a)).problems).toMatchObject([why, why]);
    expect(on(b.eth1)).toEqual([OUTSIDE, X].sort());
  });

  it('costs one call for all that are taken from one ENI, and one look-up for all', async () => {
    const { a, b, ec2, reconcile } = await startContested([X, Y]);
    await reconcile(a);
    expect(changesIn(ec2)).toEqual([
      `Assign ${a.eth1} ${X} ${Y}`,
      `Unassign ${b.eth1} ${X} ${Y}`,
      `Assign ${a.eth1} ${X} ${Y}`,
    ]);
    expect(ec2.calls.counts().DescribeNetworkInterfaces).toBe(3);
  });

  it('does not keep its neighbour on another ENI from being taken', async () => {
    const bed = await startContested();
    await bed.own(bed.c.eth1, Y);
    bed.kubernetes.pods = [podWith('node-a', 'claimant', [X, Y]), podWith('node-b', 'holder', [X])];
    const { problems } = await bed.reconcile(bed.a);
    expect(problems).toMatchObject([{ kind: 'conflict', address: X }]);
    expect([bed.on(bed.a.eth1), bed.on(bed.b.eth1), bed.on(bed.c.eth1)]).toEqual([[Y], [X], []]);
  });
});

describe('an ENI that is no node’s', () => {
  it('detached gives up what it has, in ranges and outside, and nobody is to be told', async () => {
    const bed = await startContested([X, OUTSIDE]);
    bed.kubernetes.nodes = bed.kubernetes.nodes.filter(({ name }) => name !== 'node-b');
    bed.ec2.terminateInstance(bed.b.instanceId);
    const { problems, unassignedFrom } = await bed.reconcile(bed.a);
    expect(problems).toEqual([]);
    expect(bed.on(bed.a.eth1)).toEqual([OUTSIDE, X].sort());
    expect(unassignedFrom.size).toBe(0);
  });

  it('of a removed Node gives up what it has, once no pod of that Node is left (schedules 10 and 13)', async () => {
    const bed = await startContested();
    const { kubernetes, a, on, reconcile } = bed;
    kubernetes.nodes = kubernetes.nodes.filter(({ name }) => name !== 'node-b');
    kubernetes.pods.push(podWith('node-b', 'stranded', [X], { namespace: 'other' }));
    expect((await reconcile(a)).problems).toMatchObject([
      { kind: 'conflict', holder: { pod: { name: 'stranded' }, node: 'node-b' } },
    ]);
    kubernetes.pods.pop();
    await reconcile(a);
    expect(on(a.eth1)).toEqual([X]);
  });

  it('gives up what it has also if listing all pods of the cluster takes longer than a list is good for', async () => {
    const bed = await startContested();
    const { clock, kubernetes } = bed;
    kubernetes.nodes = kubernetes.nodes.filter(({ name }) => name !== 'node-b');
    const { listPods } = kubernetes;
    kubernetes.listPods = async (options) => {
      if (options.node === undefined) clock.advance(5000);
      return listPods(options);
    };
    expect((await bed.reconcile(bed.a)).problems).toEqual([]);
    expect(bed.on(bed.a.eth1)).toEqual([X]);
  });

  it('gives up what it has also if listing all Nodes takes that long too', async () => {
    const bed = await startContested();
    const { clock, kubernetes } = bed;
    kubernetes.nodes = kubernetes.nodes.filter(({ name }) => name !== 'node-b');
    const { listNodes } = kubernetes;
    kubernetes.listNodes = async (signal) => {
      clock.advance(2000);
      return listNodes(signal);
    };
    expect((await bed.reconcile(bed.a)).problems).toEqual([]);
    expect(bed.on(bed.a.eth1)).toEqual([X]);
  });

  it('costs no list of all pods, if it is of another cluster', async () => {
    const bed = await startContested();
    const { kubernetes } = bed;
    kubernetes.nodes = kubernetes.nodes.filter(({ name }) => name !== 'node-b');
    bed.ec2.tagEni(bed.b.eth1, { 'cluster.k8s.amazonaws.com/name': 'other' });
    const { listPods } = kubernetes;
    const listed: (string | undefined)[] = [];
    kubernetes.listPods = async (options) => {
      listed.push(options.node);
      return listPods(options);
    };
    expect((await bed.reconcile(bed.a)).problems).toMatchObject([{ why: 'not-our-eni' }]);
    expect(listed).not.toContain(undefined);
  });

  it('is looked at together with one that is a node’s, however long the list of all pods takes', async () => {
    const bed = await startContested();
    const { clock, kubernetes } = bed;
    await bed.own(bed.c.eth1, Y);
    kubernetes.nodes = kubernetes.nodes.filter(({ name }) => name !== 'node-b');
    kubernetes.pods = [podWith('node-a', 'claimant', [X, Y])];
    const { listPods } = kubernetes;
    kubernetes.listPods = async (options) => {
      if (options.node === undefined) clock.advance(5000);
      return listPods(options);
    };
    expect((await bed.reconcile(bed.a)).problems).toEqual([]);
    expect(bed.on(bed.a.eth1)).toEqual([X, Y]);
  });

  it('of another cluster is left alone', async () => {
    const bed = await startContested();
    bed.kubernetes.nodes = bed.kubernetes.nodes.filter(({ name }) => name !== 'node-b');
    bed.ec2.tagEni(bed.b.eth1, { 'cluster.k8s.amazonaws.com/name': 'other' });
    expect((await bed.reconcile(bed.a)).problems).toMatchObject([
      { kind: 'held-elsewhere', why: 'not-our-eni', eniId: bed.b.eth1 },
    ]);
    expect(bed.on(bed.b.eth1)).toEqual([X]);
  });

  it('without the managed tag is left alone', async () => {
    const bed = await startContested();
    bed.ec2.tagEni(bed.b.eth1, { 'node.k8s.amazonaws.com/no_manage': undefined });
    expect((await bed.reconcile(bed.a)).problems).toMatchObject([
      { kind: 'held-elsewhere', why: 'not-our-eni' },
    ]);
  });
});

describe('a pod that was told of a conflict', () => {
  const lookFirst = () => true;

  it('is looked up first: nothing is assigned to find out (schedule 5)', async () => {
    const bed = await startContested();
    bed.kubernetes.pods.push(podWith('node-b', 'holder', [X]));
    expect((await bed.reconcile(bed.a, { lookFirst })).problems).toMatchObject([
      { kind: 'conflict' },
    ]);
    expect(changesIn(bed.ec2)).toEqual([]);
  });

  it('gets an address that is free by now, which is no take-over', async () => {
    const bed = await startContested();
    await bed.take(bed.b.eth1, X);
    const done = await bed.reconcile(bed.a, { lookFirst });
    expect(done).toMatchObject({ takenOver: [], assigned: [X], problems: [] });
    expect(done.unassignedFrom.size).toBe(0);
  });
});

describe('where one address may be taken', () => {
  const lookFirst: ActOptions['lookFirst'] = ({ address: asked }) => asked === X;

  it('all that its ENI is to get are looked up by one call, and none is tried in vain', async () => {
    const bed = await startContested();
    await bed.own(bed.b.eth1, Y);
    bed.kubernetes.pods.push(podWith('node-a', 'second', [Y]));
    bed.ec2.calls.clear();
    const done = await bed.reconcile(bed.a, { lookFirst });
    expect(done).toMatchObject({ takenOver: [X, Y], problems: [] });
    expect(changesIn(bed.ec2)).toEqual([
      `Unassign ${bed.b.eth1} ${X} ${Y}`,
      `Assign ${bed.a.eth1} ${X} ${Y}`,
    ]);
  });

  it('what nobody has is assigned by one call', async () => {
    const bed = await startContested();
    await bed.take(bed.b.eth1, X);
    bed.kubernetes.pods.push(podWith('node-a', 'second', [Y]));
    bed.ec2.calls.clear();
    await bed.reconcile(bed.a, { lookFirst });
    expect(changesIn(bed.ec2)).toEqual([`Assign ${bed.a.eth1} ${X} ${Y}`]);
  });
});

it('the policy upsert-only takes nothing over', async () => {
  const bed = await startActBed({ policy: POLICIES['upsert-only'] });
  await bed.own(bed.b.eth1, X);
  bed.kubernetes.pods = [podWith('node-a', 'claimant', [X])];
  expect((await bed.reconcile(bed.a)).problems).toMatchObject([
    { kind: 'held-elsewhere', why: 'policy', eniId: bed.b.eth1 },
  ]);
  expect(bed.on(bed.b.eth1)).toEqual([X]);
});
