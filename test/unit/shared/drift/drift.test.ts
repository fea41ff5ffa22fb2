import { describe, expect, it } from 'vitest';
import { foundIn } from '../../../../shared/drift/drift.ts';
import { POLICIES } from '../../../../shared/plan/policy.ts';
import {
  eth0,
  eth1,
  eth3,
  onEth1,
  onEth3,
  type PlanSpec,
  planInput,
  pod,
  says,
} from '../plan/fixtures.ts';
import { sweepOf } from './sweep.ts';

const X = '172.16.1.70';
const p = pod('p', [onEth1(X)]);
const there = [eth0(), eth1([X])];

function drift(spec: PlanSpec, policy = POLICIES.sync) {
  const [found] = sweepOf([planInput(spec)], policy);
  if (found === undefined) throw new Error('one node was asked for');
  return found;
}

const asks = (spec: PlanSpec, policy = POLICIES.sync): boolean => drift(spec, policy).toReconcile;

describe('the sweep asks for a look at a node', () => {
  it.each([
    ['whose pod has an address that no ledger has', there, 'none'],
    ['whose ledger names a pod that is gone for what another has', there, 'assigned gone'],
    ['whose ledger does not say that EC2 took what it shows', there, 'assigning p'],
    ['whose ledger says that a pod’s address is to be released', there, 'releasing p'],
  ])('%s', (_, enis, text) => {
    expect(asks({ enis, pods: [p], written: says(text) })).toBe(true);
  });

  it.each(['assigned gone', 'assigning gone'])(
    'whose ledger says %s of what EC2 does not show and nobody claims',
    (text) => {
      expect(asks({ written: says(text) })).toBe(true);
    },
  );

  it('not for a tombstone, however old', () => {
    expect(asks({ written: says('releasing gone') })).toBe(false);
  });

  it('not if all is as the ledgers say, nor for what is foreign', () => {
    const enis = [eth0(), eth1([X, '172.16.1.200'])];
    const written = { 'eni-1': { [X]: 'assigned p', '172.16.1.200': 'none' } };
    expect(asks({ enis, pods: [p], written })).toBe(false);
  });

  it('not for a ledger that cannot be used', () => {
    expect(asks({ enis: there, pods: [p], written: { 'eni-1': 'unusable' } })).toBe(false);
  });

  it('not for entries and releases alone if nothing is written in the cluster', () => {
    expect(asks({ enis: there, pods: [p], written: says('none') }, POLICIES['dry-run'])).toBe(
      false,
    );
    expect(asks({ written: says('assigned gone') }, POLICIES['dry-run'])).toBe(false);
    expect(asks({ enis: there }, POLICIES['dry-run'])).toBe(false);
  });

  it('not for releases alone if nothing may be unassigned', () => {
    expect(asks({ enis: there }, POLICIES['upsert-only'])).toBe(false);
  });
});

describe('what an operator counts', () => {
  it('is a conflict of all claimants of several namespaces, if no ledger says whose it is', () => {
    const pods = [p, pod('q', [onEth3(X)], { namespace: 'other' })];
    const enis = [eth0(), eth1([X]), eth3()];
    const found = foundIn(drift({ enis, pods, written: says('none') }));
    expect(found.conflicting.map(({ kind, pod: { name } }) => `${kind} ${name}`)).toEqual([
      'unrecorded p',
      'unrecorded q',
    ]);
  });

  it('is leaked if a ledger has it, and foreign otherwise', () => {
    const enis = [eth0(), eth1([X, '172.16.1.200'])];
    const found = foundIn(drift({ enis, written: { 'eni-1': { '172.16.1.200': 'none' } } }));
    expect(found.leaked.map(({ address }) => address)).toEqual([X]);
    expect(found.foreign.map(({ address }) => address)).toEqual(['172.16.1.200']);
  });

  const own = { instanceId: 'i-0b' };
  const onNodeB = [eth0({ ...own, id: 'eni-5' }), eth1([], { ...own, id: 'eni-6' })];
  const ofNodeB = (name: string, spec: Parameters<typeof pod>[2] = {}) =>
    pod(name, [onEth1(X)], { node: 'node-b', ...spec });
  const atNodeB = (holder: typeof p, ...pods: readonly (typeof p)[]) => {
    const held = planInput({
      enis: there,
      pods: [holder],
      written: says(`assigned ${holder.pod.name}`),
    });
    const [, found] = sweepOf([held, planInput({ node: 'node-b', enis: onNodeB, pods })]);
    if (found === undefined) throw new Error('two nodes were asked for');
    return found;
  };

  it('is no missing address if another node’s pod keeps it, as the ledger there says', () => {
    const { conflicting, missing } = foundIn(atNodeB(p, ofNodeB('q')));
    expect(missing).toEqual([]);
    expect(conflicting).toMatchObject([{ kind: 'conflict', holder: { pod: { name: 'p' } } }]);
  });

  it('is a missing address if the holder passes it on to another claimant than the oldest', () => {
    const stranger = ofNodeB('stranger', { createdAt: 1, namespace: 'other' });
    const next = ofNodeB('next', { createdAt: 2 });
    const found = atNodeB({ ...p, terminating: true }, stranger, next);
    expect(foundIn(found).missing.map(({ address }) => address)).toEqual([X]);
    expect(found.toReconcile).toBe(true);
  });
});
