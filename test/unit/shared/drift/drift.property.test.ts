import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Address } from '../../../../shared/address.ts';
import { wanting } from '../../../../shared/plan/verdict.ts';
import { isTombstone } from '../../../support/oracle/rightful.ts';
import { nodes } from '../plan/arbitraries.ts';
import type { PlanInput } from '../plan/fixtures.ts';
import { placements, ROUNDS, reconciled, round } from '../plan/turns.ts';
import { sweepOf } from './sweep.ts';

const RUNS = { numRuns: 400 };

/** What a prefix holds is seen by no look by address. */
const cluster = nodes({ min: 1, max: 3 }).filter((world) =>
  world.every(({ enis }) => enis.every(({ prefixes }) => prefixes.length === 0)),
);

describe('on any nodes, the sweep', () => {
  it('asks for no look at nodes that came to rest', () => {
    fc.assert(
      fc.property(cluster, (start) => {
        let world: readonly PlanInput[] = start;
        for (let turn = 0; turn < ROUNDS; turn += 1) world = round(world, turn).world;
        const asked = sweepOf(world).filter(({ toReconcile }) => toReconcile);
        expect(asked).toEqual([]);
      }),
      RUNS,
    );
  });

  it('misses no node whose look would change an address, or an entry that is no tombstone, if there is room for all', () => {
    fc.assert(
      fc.property(cluster, (limited) => {
        const world = limited.map((node) => ({ ...node, limits: undefined }));
        for (const [index, { toReconcile, verdicts }] of sweepOf(world).entries()) {
          if (toReconcile) continue;
          const { world: after } = reconciled(world, index, 0);
          expect(placements(after)).toEqual(placements(world));
          // Of what another pod keeps an old entry may stay until the claim ends: a look would be refused again.
          const refused = new Set(wanting(verdicts, 'refuse').map(({ address }) => address));
          expect(entriesIn(after, refused)).toEqual(entriesIn(world, refused));
        }
      }),
      RUNS,
    );
  });
});

/** What the ledgers say, but for tombstones. */
function entriesIn(world: readonly PlanInput[], without: ReadonlySet<Address>): string[] {
  return world.flatMap(({ enis, ledgers }) =>
    enis.flatMap(({ id }) => {
      const reading = ledgers.of(id);
      const entries = reading?.kind === 'ledger' ? [...reading.ledger.entries] : [];
      return entries
        .filter(([address, { state }]) => !isTombstone(state) && !without.has(address))
        .map(([address, { pod, state }]) => `${id} ${address} ${state} ${pod?.uid}`)
        .sort();
    }),
  );
}
