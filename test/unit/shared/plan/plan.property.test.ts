import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, familyOf } from '../../../../shared/address.ts';
import type { Eni } from '../../../../shared/enis/eni.ts';
import { entryOf, isUsable } from '../../../../shared/plan/ledger.ts';
import { wanting } from '../../../../shared/plan/verdict.ts';
import { claimsOf, isTombstone, mayPass, rightful } from '../../../support/oracle/rightful.ts';
import { ADDRESSES, node, nodes } from './arbitraries.ts';
import { hasAddress, mayBeElsewhere, roomOf, saidOf, settled } from './ec2-model.ts';
import { type PlanInput, planOf } from './fixtures.ts';

const RUNS = { numRuns: 700 };

function holderOf(enis: readonly Eni[], address: Address): Eni | undefined {
  return enis.find((eni) => hasAddress(eni, address));
}

const isClaimed = ({ pods }: PlanInput, address: Address): boolean =>
  pods.some(({ claims }) => claims.some((claim) => claim.address === address));

/** Whether the functions may take the address away from that ENI: a ledger has it, or the configuration. */
function isOurs({ isOurs: configured, ledgers }: PlanInput, eniId: string, address: Address) {
  const isRecorded = entryOf(ledgers, eniId, address) !== undefined;
  return isUsable(ledgers, eniId) && (isRecorded || configured?.(address) === true);
}

/** Whether pods of several namespaces claim what no ledger names there, by a valid claim or not: nothing is touched. */
function isUnrecorded(input: PlanInput, { id, managed, secondary }: Eni, address: Address) {
  const namespaces = new Set(claimsOf(input, address).map(({ pod }) => pod.pod.namespace));
  const isRecorded = entryOf(input.ledgers, id, address) !== undefined;
  return managed && secondary.includes(address) && !isRecorded && namespaces.size > 1;
}

/** What no ledger says is ours moves from no ENI, nor does anything for which no ledger can be written. */
function mayMove({ ledgers }: PlanInput, address: Address, from: Eni, to: Eni): boolean {
  return entryOf(ledgers, from.id, address) !== undefined && isUsable(ledgers, to.id);
}

/** The pods that a ledger names. */
function uidsIn({ ledgers }: PlanInput, eniId: string): (string | undefined)[] {
  const reading = ledgers.of(eniId);
  const entries = reading?.kind === 'ledger' ? [...reading.ledger.entries.values()] : [];
  return entries.map(({ pod }) => pod?.uid);
}

describe('on any node, a plan', () => {
  it('puts each address on the ENI of a pod that may have it, if there is room', () => {
    fc.assert(
      fc.property(node, (input) => {
        const { enis } = settled(input);
        for (const address of ADDRESSES) {
          const before = holderOf(input.enis, address);
          const now = holderOf(enis, address);
          const said = saidOf(input, address);
          const entitled = rightful(claimsOf(input, address), before?.id, said);
          if (entitled.length === 0 || (before && !before.managed)) continue;
          if (before && isUnrecorded(input, before, address)) {
            expect(now?.id, `${address}`).toBe(before.id);
            continue;
          }
          // It stays where it is for whom no other ENI fits, and nobody moves a terminating pod's.
          const served = entitled.some(
            ({ eni, pod }) => (pod.terminating ? before : (eni ?? before))?.id === now?.id,
          );
          const waits = entitled.some(({ eni }) => {
            const there = enis.find(({ id }) => id === eni?.id);
            const full = there && roomOf(there, familyOf(address), input.limits) <= 0;
            return full || (before && there && !mayMove(input, address, before, there));
          });
          expect(served || (waits && now?.id === before?.id), `${address}`).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('leaves what is not ours, and empties what nobody claims', () => {
    fc.assert(
      fc.property(node, (input) => {
        const { enis } = settled(input);
        for (const before of input.enis) {
          const now = enis.find(({ id }) => id === before.id);
          expect(now?.primary).toEqual(before.primary);
          expect(now?.prefixes).toEqual(before.prefixes);
          if (!before.managed) expect(now).toEqual(before);
          for (const address of before.secondary) {
            if (isClaimed(input, address) || !before.managed) continue;
            const goes = isOurs(input, before.id, address) && input.ranges.allows(address);
            expect(now?.secondary.includes(address), address).toBe(!goes);
          }
        }
      }),
      RUNS,
    );
  });

  it('releases no claimed, primary or unmanaged address', () => {
    fc.assert(
      fc.property(node, (input) => {
        for (const { address, eniId } of wanting(planOf(input).verdicts, 'release')) {
          const eni = input.enis.find(({ id }) => id === eniId);
          expect(isClaimed(input, address)).toBe(false);
          expect(eni?.managed).toBe(true);
          expect(input.enis.some(({ primary }) => primary.includes(address))).toBe(false);
          expect(input.ranges.allows(address)).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('unassigns nothing that is in no ledger, and nothing if there is no ledger to be used', () => {
    fc.assert(
      fc.property(node, (input) => {
        const { verdicts } = planOf(input);
        for (const { address, eniId } of wanting(verdicts, 'release')) {
          expect(isOurs(input, eniId, address)).toBe(true);
        }
        for (const { address, eniId, from } of wanting(verdicts, 'move')) {
          expect(entryOf(input.ledgers, from, address)).toBeDefined();
          expect(isUsable(input.ledgers, eniId)).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('takes no address from a live pod against the rule', () => {
    fc.assert(
      fc.property(node, (input) => {
        for (const { address, claim, from } of wanting(planOf(input).verdicts, 'move')) {
          const all = claimsOf(input, address);
          // Whose ENI it is, and whom its ledger names, whatever ENI their claim fits now.
          const said = saidOf(input, address);
          const mayBeOld = isTombstone(entryOf(input.ledgers, from, address)?.state);
          const hasElsewhere = (uid: string): boolean =>
            mayBeOld && said.some((each) => each.uid === uid && !isTombstone(each.state));
          const robbed = all.filter(
            ({ claim: { recordedOn = [] }, eni, pod }) =>
              eni?.id === from ||
              recordedOn.includes(from) ||
              (eni !== undefined && hasElsewhere(pod.pod.uid)),
          );
          if (robbed.length === 0) continue;
          const entitled = rightful(all, from, said);
          // Its own address, after its claim.
          if (claim.recordedOn.includes(from) || hasElsewhere(claim.pod.uid)) continue;
          expect(entitled.map(({ pod }) => pod.pod.uid)).toContain(claim.pod.uid);
          expect(robbed.map(({ pod }) => pod.pod.namespace)).toContain(claim.pod.namespace);
          expect(claim.terminating).toBe(false);
          // Whoever loses it by name and age could have passed it on.
          const taker = all.find(({ pod }) => pod.pod.uid === claim.pod.uid);
          expect(taker && all.some((other) => mayPass(other, taker))).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('gives no pod of another namespace what a live pod has, as the ledger says', () => {
    fc.assert(
      fc.property(node, (input) => {
        const { verdicts } = planOf(input);
        for (const eni of input.enis) {
          for (const address of eni.secondary) {
            const entry = entryOf(input.ledgers, eni.id, address);
            if (mayBeElsewhere(input, eni.id, address)) continue;
            const uid = entry?.pod?.uid;
            const named = input.pods.find(
              ({ claims, pod }) =>
                pod.uid === uid && claims.some((each) => each.address === address),
            );
            if (named === undefined) continue;
            const getting = wanting(verdicts, 'keep', 'hold', 'assign', 'move', 'wait').filter(
              (verdict) => verdict.address === address,
            );
            const strangers = getting.filter(
              ({ claim }) => claim.pod.namespace !== named.pod.namespace,
            );
            expect(strangers).toEqual([]);
          }
        }
      }),
      RUNS,
    );
  });

  it('gives no pod of another namespace what a live pod has, on an old read of the ENIs either', () => {
    fc.assert(
      fc.property(nodes({ min: 2, max: 2 }), ([first, second]) => {
        if (first === undefined || second === undefined) throw new Error('two were asked for');
        const after = settled({ ...first, limits: undefined });
        // Pods that came since; no entry names them.
        const uids = first.enis.flatMap(({ id }) => uidsIn(first, id));
        const since = second.pods.filter(({ pod }) => !uids.includes(pod.uid));
        const pods = [...after.pods, ...since.map((pod) => ({ ...pod, node: first.node }))];
        const { verdicts } = planOf({ ...after, enis: first.enis, pods });
        for (const eni of after.enis) {
          for (const address of eni.secondary) {
            const entry = entryOf(after.ledgers, eni.id, address);
            const all = claimsOf({ ...after, enis: first.enis, pods }, address);
            const named = all.find(({ pod }) => pod.pod.uid === entry?.pod?.uid);
            if (entry?.state !== 'assigned' || named?.eni === undefined) continue;
            const strangers = wanting(verdicts, 'keep', 'hold', 'assign', 'move').filter(
              ({ address: of, claim }) =>
                of === address && claim.pod.namespace !== named.pod.pod.namespace,
            );
            expect(strangers).toEqual([]);
          }
        }
      }),
      RUNS,
    );
  });

  it('has one pod speak for each address', () => {
    fc.assert(
      fc.property(node, (input) => {
        const spoken = wanting(planOf(input).verdicts, 'keep', 'hold', 'assign', 'move', 'wait');
        const addresses = spoken.map(({ address }) => address);
        expect(new Set(addresses).size).toBe(addresses.length);
      }),
      RUNS,
    );
  });

  it('gives a terminating pod nothing', () => {
    fc.assert(
      fc.property(node, (input) => {
        const { verdicts } = planOf(input);
        const again = wanting(verdicts, 'keep').filter((verdict) => verdict.again);
        const given = [...wanting(verdicts, 'assign', 'move', 'wait'), ...again];
        expect(given.filter(({ claim }) => claim.terminating)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('leaves in the ledgers all that is ours on an ENI, and each address with its pod', () => {
    fc.assert(
      fc.property(node, (input) => {
        const after = settled(input);
        for (const eni of after.enis) {
          const before = input.enis.find(({ id }) => id === eni.id);
          if (!isUsable(after.ledgers, eni.id)) continue;
          for (const address of eni.secondary) {
            const wasOurs = entryOf(input.ledgers, eni.id, address) !== undefined;
            if (wasOurs || !before?.secondary.includes(address)) {
              expect(entryOf(after.ledgers, eni.id, address), address).toBeDefined();
            }
          }
        }
        for (const { address, claim, eniId, withinPrefix } of wanting(
          planOf(after).verdicts,
          'keep',
        )) {
          if (claim.terminating || withinPrefix || !isUsable(after.ledgers, eniId)) continue;
          const entry = entryOf(after.ledgers, eniId, address);
          expect(entry).toMatchObject({ state: 'assigned', pod: { uid: claim.pod.uid } });
        }
      }),
      RUNS,
    );
  });
});
