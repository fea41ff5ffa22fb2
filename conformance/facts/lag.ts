import { assign, unassign } from '../calls.ts';
import type { Check } from '../check.ts';
import { emptied, type Lab, READS, readUntil } from '../lab.ts';
import { EVENTUAL } from './sources.ts';

const ROUNDS = 3;
/** How long a reconcile waits for EC2 to show a release. */
const WAITED_MS = 3_100;

/** How many milliseconds until EC2's read shows what a write did; `undefined` if none of the reads does. */
async function lagOf(
  lab: Lab,
  write: () => Promise<unknown>,
  shown: boolean,
): Promise<number | undefined> {
  const [address] = lab.free(1);
  const isIt = (enis: Awaited<ReturnType<Lab['read']>>): boolean =>
    address !== undefined && enis.get(lab.id('a'))?.secondary.includes(address) === shown;
  await write();
  const begin = lab.clock.now();
  return isIt(await readUntil(lab, isIt)) ? lab.clock.now() - begin : undefined;
}

async function lags(lab: Lab, direction: 'assign' | 'unassign') {
  await emptied(lab);
  const seen: (number | undefined)[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const assigned = await lagOf(lab, () => assign(lab, lab.id('a'), lab.free(1)), true);
    const unassigned = await lagOf(lab, () => unassign(lab, lab.id('a'), lab.free(1)), false);
    seen.push(direction === 'assign' ? assigned : unassigned);
  }
  return {
    asExpected: seen.every((ms) => ms !== undefined && ms <= WAITED_MS),
    seen: `shown after ${seen.map((ms) => (ms === undefined ? 'none of the reads' : `${ms} ms`)).join(', ')}, each with its read`,
  };
}

/** How long reads lag behind writes. */
export const LAG: readonly Check[] = (['assign', 'unassign'] as const).map((direction) => ({
  id: `lag-${direction}`,
  fact: `DescribeNetworkInterfaces shows an ${direction === 'assign' ? 'Assign' : 'Unassign'} within moments`,
  expected: `within ${WAITED_MS} ms`,
  source: EVENTUAL,
  restsOn: 'shared/plan/ledger.ts',
  calls: READS + ROUNDS * 2 * (1 + READS) + 2 * READS,
  run: (lab) => lags(lab, direction),
}));
