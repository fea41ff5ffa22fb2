import { describe, expect, it } from 'vitest';
import { claim, decide, eth0, eth1, eth3, onEth1, onEth3, pod, ranges, says } from './fixtures.ts';

/* Rule L11 of docs/design.md: what no ledger has, and who adopts it. */

const X = '172.16.1.70';
const THERE = [eth0(), eth1([X]), eth3()];
const mine = pod('mine', [onEth1(X)], { createdAt: 2 });
const older = pod('older', [onEth1(X)], { createdAt: 1, namespace: 'other' });
const elsewhere = pod('elsewhere', [onEth3(X)], { createdAt: 1, namespace: 'other' });

describe('what no ledger has is adopted', () => {
  const none = says('none');

  it('by the oldest of several claimants of one namespace, those on its ENI first', () => {
    const own = [pod('a', [onEth3(X)], { createdAt: 1 }), mine];
    expect(decide({ enis: THERE, pods: own, written: none })[0]).toBe(
      `keep ${X} on eni-1 for mine`,
    );
  });

  it('by nobody if a pod of another namespace claims it for another ENI', () => {
    expect(decide({ enis: THERE, pods: [elsewhere, mine], written: none })).toEqual([
      `problem ${X} unrecorded for elsewhere`,
      `problem ${X} unrecorded for mine`,
    ]);
  });

  it.each(['on its ENI', 'on another ENI'])(
    'by nobody if the other namespace’s pod terminates, which is told nothing: %s',
    (where) => {
      const other = where === 'on its ENI' ? older : elsewhere;
      const pods = [{ ...other, terminating: true }, mine];
      expect(decide({ enis: THERE, pods, written: none })).toEqual([
        `problem ${X} unrecorded for mine`,
      ]);
    },
  );

  it.each([
    ['another namespace’s', 'other', [`problem ${X} unrecorded for mine`]],
    ['its own', 'default', [`keep ${X} on eni-1 for mine`]],
  ])(
    'by nobody if a pod of another namespace claims it for an ENI that cannot be its: %s',
    (_, namespace, then) => {
      // Its network lost the tag since: it may be the one that has the address.
      const enis = [eth0(), eth1([X]), eth3([], { managed: false })];
      const live = pod('misfit', [onEth3(X)], { createdAt: 1, namespace });
      for (const misfit of [live, { ...live, terminating: true }]) {
        const decided = decide({ enis, pods: [misfit, mine], written: none });
        expect(decided.filter((line) => !line.includes('misfit'))).toEqual(then);
      }
    },
  );

  it('whoever claims it in a network that is not ours', () => {
    const bridged = pod('bridged', [claim(X, { master: 'eth0' })], { namespace: 'other' });
    const decided = decide({ enis: THERE, pods: [bridged, mine], written: none });
    expect(decided).toContain(`keep ${X} on eni-1 for mine`);
  });

  it('only within the configured ranges', () => {
    const bounded = ranges(['172.16.1.0/24'], ['172.16.1.100-172.16.1.110']);
    expect(decide({ enis: THERE, pods: [mine], written: none, ranges: bounded })).toEqual([
      `problem ${X} outside-configured-ranges for mine`,
    ]);
  });

  it('not from within a delegated prefix, which is no secondary address', () => {
    const enis = [eth0(), eth1([], { prefixes: ['172.16.1.64/28'] })];
    expect(decide({ enis, pods: [older, mine] })).toEqual([
      `keep ${X} on eni-1 for older within a prefix`,
      `problem ${X} conflict with older for mine`,
    ]);
  });

  it('nor assigned again, if the ledger has it from before the prefix was delegated', () => {
    const enis = [eth0(), eth1([], { prefixes: ['172.16.1.64/28'] })];
    expect(decide({ enis, pods: [mine], written: says('assigning mine') })).toEqual([
      `keep ${X} on eni-1 for mine within a prefix`,
    ]);
  });

  it('by no pod that claims it for another ENI: there it is not taken from', () => {
    expect(decide({ enis: THERE, pods: [elsewhere], written: none })).toEqual([
      `problem ${X} held-elsewhere not-recorded for elsewhere`,
    ]);
  });

  it('by a pod like any other if the configuration says that it is ours', () => {
    const isOurs = (each: string) => each === X;
    expect(decide({ enis: THERE, pods: [mine], written: none, isOurs })).toEqual([
      `keep ${X} on eni-1 for mine`,
    ]);
  });
});
