import { describe, expect, it } from 'vitest';
import {
  type Contested,
  decideTakeOver,
  type HolderNode,
} from '../../../../shared/plan/conflict.ts';
import { claimant, contested, holderNode, takeOver } from './contested.ts';
import {
  address,
  claim,
  eth0,
  eth1,
  eth3,
  floating,
  NODE,
  onEth1,
  onEth3,
  pod,
  says,
} from './fixtures.ts';

const X = '172.16.1.70';
const OUTSIDE = '172.16.1.200';

const withPods = (...pods: HolderNode['pods']) => ({ pods });

describe('an address with a live holder', () => {
  it('stays with it: who was served first has it', () => {
    expect(takeOver(withPods(pod('holder', [claim(X)])))).toBe('conflict with holder');
  });

  it('stays also with the younger of two that claim it by network-status', () => {
    expect(takeOver(withPods(pod('holder', [claim(X)], { createdAt: 99 })))).toBe(
      'conflict with holder',
    );
  });

  it('names the holder’s node', () => {
    const decision = decideTakeOver(contested(withPods(pod('holder', [claim(X)]))));
    expect(decision).toMatchObject({ kind: 'conflict', holder: { node: NODE } });
  });

  it('passes from a terminating holder to a pod of its namespace', () => {
    expect(takeOver(withPods(pod('holder', [claim(X)], { terminating: true })))).toBe('take');
  });

  it('does not pass from a terminating holder to another namespace', () => {
    const pods = [pod('holder', [claim(X)], { terminating: true, namespace: 'other' })];
    expect(takeOver(withPods(...pods))).toBe('conflict with holder');
  });

  it.each([
    [10, 11, 'take'],
    [10, 10, 'conflict with holder'],
    [11, 10, 'conflict with holder'],
  ])('floating since %i passes to a claim floating since %i: %s', (held, claimed, expected) => {
    const decided = takeOver({
      claimant: claimant({ floating: true, since: claimed }),
      ...withPods(pod('holder', [floating(X, held)])),
    });
    expect(decided).toBe(expected);
  });

  it('does not pass to a newer floating claim of another namespace', () => {
    const decided = takeOver({
      claimant: claimant({ floating: true, since: 99, namespace: 'other' }),
      ...withPods(pod('holder', [floating(X, 1)])),
    });
    expect(decided).toBe('conflict with holder');
  });

  it('does not pass to a terminating claimant (schedule 2)', () => {
    const decided = takeOver({
      claimant: claimant({ floating: true, since: 99, terminating: true }),
      ...withPods(pod('holder', [floating(X, 1)], { terminating: true })),
    });
    expect(decided).toBe('conflict with holder');
  });

  it('stays under the policy upsert-only too, told as a conflict', () => {
    const pods = [pod('holder', [claim(X)])];
    expect(takeOver({ unassigns: false, ...withPods(...pods) })).toBe('conflict with holder');
  });
});

describe('who counts as the holder', () => {
  it('is the live pod that the ledger names, not an older one of its ENI', () => {
    const going = pod('going', [claim(X)], { createdAt: 1, terminating: true });
    const named = pod('named', [claim(X)], { createdAt: 2, namespace: 'other' });
    const written = says('assigned named');
    expect(takeOver({ ...withPods(going, named), written })).toBe('conflict with named');
  });

  const enis = [eth0(), eth1([X]), eth3()];

  it('is the pod on whose ENI the address is, not another claimant of its node (schedule 16)', () => {
    const pods = [
      pod('going', [onEth1(X)], { terminating: true, createdAt: 2 }),
      pod('stranger', [onEth3(X)], { namespace: 'other', createdAt: 1 }),
    ];
    expect(takeOver({ holderNode: holderNode({ enis, pods }) })).toBe('take');
  });

  it('is whom the claim has passed to on that node', () => {
    const pods = [
      pod('going', [onEth1(X)], { terminating: true, createdAt: 1 }),
      pod('next', [onEth3(X)], { createdAt: 2 }),
    ];
    expect(takeOver({ holderNode: holderNode({ enis, pods }) })).toBe('conflict with next');
  });

  it('is a claimant of that node for another ENI, if nobody claims it for this one', () => {
    const pods = [pod('waiting', [onEth3(X)])];
    expect(takeOver({ holderNode: holderNode({ enis, pods }) })).toBe('conflict with waiting');
  });

  it('is not a terminating claimant for another ENI', () => {
    const pods = [pod('going', [onEth3(X)], { terminating: true, namespace: 'other' })];
    expect(takeOver({ holderNode: holderNode({ enis, pods }) })).toBe('take');
  });

  it('is not a pod whose claim has no valid ENI there', () => {
    const pods = [pod('wrong', [claim(X, { master: 'eth0' })], { namespace: 'other' })];
    expect(takeOver({ holderNode: holderNode({ enis, pods }) })).toBe('take');
  });

  it('is not the claimant itself, whose node’s other ENI has it', () => {
    const pods = [pod('claimant', [onEth3(OUTSIDE)])];
    const own = holderNode({ enis: [eth0(), eth1([OUTSIDE]), eth3()], pods });
    expect(takeOver({ address: address(OUTSIDE), holderNode: own })).toBe('take');
  });
});

describe('a leftover of ours that nobody claims where it is', () => {
  it('passes to any claimant, whatever the ranges say', () => {
    expect(takeOver({ claimant: claimant({ namespace: 'other' }) })).toBe('take');
    expect(takeOver({ address: address(OUTSIDE) })).toBe('take');
  });

  it('passes also if the ledger names a pod that is gone (schedule 20)', () => {
    expect(takeOver({ written: says('assigned gone') })).toBe('take');
    expect(takeOver({ written: says('releasing gone') })).toBe('take');
  });

  it('stays with who claims it there, although the ledger names another pod', () => {
    const pods = [pod('holder', [claim(X)], { namespace: 'other' })];
    const written = says('releasing gone');
    expect(takeOver({ ...withPods(...pods), written })).toBe('conflict with holder');
  });

  it('passes from a detached ENI of the cluster', () => {
    const nowhere = { instanceId: undefined, deviceIndex: undefined, clusters: ['demo'] };
    expect(takeOver({ eni: eth1([X], nowhere), holderNode: undefined })).toBe('take');
  });

  it('passes from the ENI of an instance that no Node names any more (schedule 10)', () => {
    const eni = eth1([X], { clusters: ['demo'] });
    expect(takeOver({ eni, holderNode: undefined })).toBe('take');
  });

  it('stays under the policy upsert-only', () => {
    expect(takeOver({ unassigns: false })).toBe('policy on eni-1');
  });
});

describe('what no ledger says is ours', () => {
  const written = says('none');

  it('stays if nobody claims it there', () => {
    expect(takeOver({ written })).toBe('not-recorded on eni-1');
  });

  it('stays also on a detached ENI of the cluster, and on that of an instance without a Node', () => {
    const eni = eth1([X], { clusters: ['demo'] });
    expect(takeOver({ written, eni, holderNode: undefined })).toBe('not-recorded on eni-1');
    const detached = { ...eni, instanceId: undefined, deviceIndex: undefined };
    expect(takeOver({ written, eni: detached, holderNode: undefined })).toBe(
      'not-recorded on eni-1',
    );
  });

  it('stays with a live claimant, also with one that would pass it on', () => {
    const going = pod('going', [claim(X)], { terminating: true });
    expect(takeOver({ written, pods: [going] })).toBe('conflict with going');
  });
});

describe('without a ledger that can be used', () => {
  it('nothing is taken from an ENI', () => {
    expect(takeOver({ written: { 'eni-1': 'unusable' } })).toBe('no-ledger on eni-1');
  });

  it('nothing is taken for an ENI', () => {
    expect(takeOver({ canRecord: false })).toBe('no-ledger on eni-1');
  });

  it('a live holder keeps what it has, and is named', () => {
    const pods = [pod('going', [claim(X)], { terminating: true })];
    const written = { 'eni-1': 'unusable' } as const;
    expect(takeOver({ written, pods })).toBe('conflict with going');
  });
});

describe('an ENI that is not ours to take from', () => {
  it('lacks the managed tag', () => {
    expect(takeOver({ eni: eth1([X], { managed: false }) })).toBe('not-our-eni on eni-1');
  });

  it('is no Node’s, and not tagged for the cluster', () => {
    const eni = eth1([X], { clusters: ['other'] });
    expect(takeOver({ eni, holderNode: undefined })).toBe('not-our-eni on eni-1');
  });

  it('has it as its primary address', () => {
    const eni = eth1([], { clusters: ['demo'], primary: [X] });
    expect(takeOver({ eni, holderNode: undefined })).toBe('primary');
  });

  it('has it within a delegated prefix', () => {
    const eni = eth1([], { prefixes: ['172.16.1.64/28'] });
    expect(takeOver({ eni })).toBe('delegated-prefix on eni-1');
  });
});

describe('the ENI of an instance that no Node names', () => {
  const eni = eth1([X], { clusters: ['demo'] });
  const stranded = (...pods: Contested['stranded']) =>
    takeOver({ eni, holderNode: undefined, stranded: pods });

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

  it('is held by the one that the ledger names', () => {
    const named = pod('named', [claim(X)], { terminating: true, createdAt: 2 });
    const keeping = pod('keeping', [claim(X)], { createdAt: 1 });
    const written = says('assigned named');
    const pods = { eni, holderNode: undefined, stranded: [keeping, named] };
    expect(takeOver({ ...pods, written })).toBe('take');
  });

  it('stays where one of several bound to missing nodes keeps it', () => {
    const going = pod('going', [claim(X)], { terminating: true, createdAt: 1 });
    const keeping = pod('keeping', [claim(X)], { createdAt: 2 });
    expect(stranded(going, keeping)).toBe('conflict with keeping');
  });
});
