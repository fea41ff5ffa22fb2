import { describe, expect, it } from 'vitest';
import {
  type Contested,
  decideTakeOver,
  type HolderNode,
} from '../../../../shared/plan/conflict.ts';
import {
  address,
  claim,
  claimant,
  eth0,
  eth1,
  eth3,
  floating,
  holderNode,
  NODE,
  onEth1,
  onEth3,
  pod,
  RANGES,
} from './fixtures.ts';

const X = '172.16.1.70';
const OUTSIDE = '172.16.1.200';

function decide(spec: Partial<Contested>): string {
  const decision = decideTakeOver({
    cluster: 'demo',
    address: address(X),
    claimant: claimant(),
    eni: eth1([X, OUTSIDE]),
    holderNode: holderNode(),
    stranded: [],
    ranges: RANGES,
    unassigns: true,
    ...spec,
  });
  if (decision.kind === 'held-elsewhere') return `${decision.why} on ${decision.eniId}`;
  return decision.kind === 'conflict' ? `conflict with ${decision.holder.pod.name}` : decision.kind;
}

const withPods = (...pods: HolderNode['pods']) => ({ holderNode: holderNode({ pods }) });

describe('an address with a live holder', () => {
  it('stays with it: who was served first has it', () => {
    expect(decide(withPods(pod('holder', [claim(X)])))).toBe('conflict with holder');
  });

  it('stays also with the younger of two that claim it by network-status', () => {
    expect(decide(withPods(pod('holder', [claim(X)], { createdAt: 99 })))).toBe(
      'conflict with holder',
    );
  });

  it('names the holder’s node', () => {
    const decision = decideTakeOver({
      cluster: 'demo',
      address: address(X),
      claimant: claimant(),
      eni: eth1([X]),
      holderNode: holderNode({ pods: [pod('holder', [claim(X)])] }),
      stranded: [],
      ranges: RANGES,
      unassigns: true,
    });
    expect(decision).toMatchObject({ kind: 'conflict', holder: { node: NODE } });
  });

  it('passes from a terminating holder to a pod of its namespace', () => {
    expect(decide(withPods(pod('holder', [claim(X)], { terminating: true })))).toBe('take');
  });

  it('does not pass from a terminating holder to another namespace', () => {
    const pods = [pod('holder', [claim(X)], { terminating: true, namespace: 'other' })];
    expect(decide(withPods(...pods))).toBe('conflict with holder');
  });

  it.each([
    [10, 11, 'take'],
    [10, 10, 'conflict with holder'],
    [11, 10, 'conflict with holder'],
  ])('floating since %i passes to a claim floating since %i: %s', (held, claimed, expected) => {
    const decided = decide({
      claimant: claimant({ floating: true, since: claimed }),
      ...withPods(pod('holder', [floating(X, held)])),
    });
    expect(decided).toBe(expected);
  });

  it('does not pass to a newer floating claim of another namespace', () => {
    const decided = decide({
      claimant: claimant({ floating: true, since: 99, namespace: 'other' }),
      ...withPods(pod('holder', [floating(X, 1)])),
    });
    expect(decided).toBe('conflict with holder');
  });

  it('does not pass to a terminating claimant (schedule 2)', () => {
    const decided = decide({
      claimant: claimant({ floating: true, since: 99, terminating: true }),
      ...withPods(pod('holder', [floating(X, 1)], { terminating: true })),
    });
    expect(decided).toBe('conflict with holder');
  });

  it('stays under the policy upsert-only too, told as a conflict', () => {
    const pods = [pod('holder', [claim(X)])];
    expect(decide({ unassigns: false, ...withPods(...pods) })).toBe('conflict with holder');
  });
});

describe('who counts as the holder', () => {
  it('is the live pod that was told so, not an older terminating one of its ENI that never had the address', () => {
    const going = pod('going', [claim(X)], { createdAt: 1, terminating: true });
    const told = pod('told', [claim(X, { assignedTo: 'eni-1' })], {
      createdAt: 2,
      namespace: 'other',
    });
    expect(decide(withPods(going, told))).toBe('conflict with told');
  });

  it('is the live pod that was told so, also where a terminating one was told so before', () => {
    const going = pod('going', [claim(X, { assignedTo: 'eni-1' })], {
      createdAt: 1,
      terminating: true,
    });
    const told = pod('told', [claim(X, { assignedTo: 'eni-1' })], {
      createdAt: 2,
      namespace: 'other',
    });
    expect(decide(withPods(going, told))).toBe('conflict with told');
  });

  const enis = [eth0(), eth1([X]), eth3()];

  it('is the pod on whose ENI the address is, not another claimant of its node (schedule 16)', () => {
    const pods = [
      pod('going', [onEth1(X)], { terminating: true, createdAt: 2 }),
      pod('stranger', [onEth3(X)], { namespace: 'other', createdAt: 1 }),
    ];
    expect(decide({ holderNode: holderNode({ enis, pods }) })).toBe('take');
  });

  it('is whom the claim has passed to on that node', () => {
    const pods = [
      pod('going', [onEth1(X)], { terminating: true, createdAt: 1 }),
      pod('next', [onEth3(X)], { createdAt: 2 }),
    ];
    expect(decide({ holderNode: holderNode({ enis, pods }) })).toBe('conflict with next');
  });

  it('is a claimant of that node for another ENI, where nobody claims it for this one', () => {
    const pods = [pod('waiting', [onEth3(X)])];
    expect(decide({ holderNode: holderNode({ enis, pods }) })).toBe('conflict with waiting');
  });

  it('is not a terminating claimant for another ENI', () => {
    const pods = [pod('going', [onEth3(X)], { terminating: true, namespace: 'other' })];
    expect(decide({ holderNode: holderNode({ enis, pods }) })).toBe('take');
  });

  it('is not a pod whose claim has no valid ENI there', () => {
    const pods = [pod('wrong', [claim(X, { master: 'eth0' })], { namespace: 'other' })];
    expect(decide({ holderNode: holderNode({ enis, pods }) })).toBe('take');
  });

  it('is not the claimant itself, whose node’s other ENI has it', () => {
    const pods = [pod('claimant', [onEth3(OUTSIDE)])];
    const own = holderNode({ enis: [eth0(), eth1([OUTSIDE]), eth3()], pods });
    expect(decide({ address: address(OUTSIDE), holderNode: own })).toBe('take');
  });
});

describe('a leftover that nobody claims where it is', () => {
  it('passes to any claimant in a range', () => {
    expect(decide({ claimant: claimant({ namespace: 'other' }) })).toBe('take');
  });

  it('stays outside ranges on a node of the cluster', () => {
    expect(decide({ address: address(OUTSIDE) })).toBe('leftover-outside-ranges on eni-1');
  });

  it('passes outside ranges where a pod of that node let go of it (schedule 20)', () => {
    expect(decide({ address: address(OUTSIDE), letGoThere: true })).toBe('take');
  });

  it('stays with who claims it there, although another pod let go of it', () => {
    const pods = [pod('holder', [claim(OUTSIDE)], { namespace: 'other' })];
    const decided = decide({ address: address(OUTSIDE), letGoThere: true, ...withPods(...pods) });
    expect(decided).toBe('conflict with holder');
  });

  it('passes outside ranges from a detached ENI of the cluster', () => {
    const eni = eth1([OUTSIDE], {
      instanceId: undefined,
      deviceIndex: undefined,
      clusters: ['demo'],
    });
    expect(decide({ address: address(OUTSIDE), eni, holderNode: undefined })).toBe('take');
  });

  it('passes from the ENI of an instance that no Node names any more (schedule 10)', () => {
    const eni = eth1([X, OUTSIDE], { clusters: ['demo'] });
    expect(decide({ eni, holderNode: undefined })).toBe('take');
    expect(decide({ address: address(OUTSIDE), eni, holderNode: undefined })).toBe('take');
  });

  it('stays under the policy upsert-only', () => {
    expect(decide({ unassigns: false })).toBe('policy on eni-1');
  });
});

describe('an ENI that is not ours to take from', () => {
  it('lacks the managed tag', () => {
    expect(decide({ eni: eth1([X], { managed: false }) })).toBe('not-our-eni on eni-1');
  });

  it('is no Node’s, and not tagged for the cluster', () => {
    const eni = eth1([X], { clusters: ['other'] });
    expect(decide({ eni, holderNode: undefined })).toBe('not-our-eni on eni-1');
  });

  it('has it as its primary address', () => {
    const eni = eth1([], { clusters: ['demo'], primary: [X] });
    expect(decide({ eni, holderNode: undefined })).toBe('primary');
  });

  it('has it within a delegated prefix', () => {
    const eni = eth1([], { prefixes: ['172.16.1.64/28'] });
    expect(decide({ eni })).toBe('delegated-prefix on eni-1');
  });
});

describe('the ENI of an instance that no Node names', () => {
  const eni = eth1([X], { clusters: ['demo'] });
  const stranded = (...pods: Contested['stranded']) =>
    decide({ eni, holderNode: undefined, stranded: pods });

  it('is held by a live pod that is bound to a missing node (schedule 13)', () => {
    expect(stranded(pod('lost', [claim(X)], { namespace: 'other' }))).toBe('conflict with lost');
  });

  it('is not held by one that claims another address', () => {
    expect(stranded(pod('lost', [claim('172.16.1.71')], { namespace: 'other' }))).toBe('take');
  });

  it('passes from a terminating one to a pod of its namespace alone', () => {
    expect(stranded(pod('lost', [claim(X)], { terminating: true }))).toBe('take');
    const other = pod('lost', [claim(X)], { terminating: true, namespace: 'other' });
    expect(stranded(other)).toBe('conflict with lost');
  });

  it('stays where one of several bound to missing nodes keeps it', () => {
    const going = pod('going', [claim(X)], { terminating: true, createdAt: 1 });
    const keeping = pod('keeping', [claim(X)], { createdAt: 2 });
    expect(stranded(going, keeping)).toBe('conflict with keeping');
  });
});
