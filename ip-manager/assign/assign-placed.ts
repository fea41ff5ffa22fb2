import { assignToEni } from '../../shared/apply/assign.ts';
import { refusedAs } from '../../shared/apply/refused.ts';
import type { Ec2 } from '../../shared/enis/ec2.ts';
import type { Refusal } from '../../shared/enis/ec2-errors.ts';
import { describeProblem } from '../../shared/plan/problem.ts';
import type { PlacedAddress, Unassigned } from './place.ts';

/** Not on its ENI yet: it may be the next time. */
export interface NotYetAssigned extends Unassigned {
  /** Another ENI has it. */
  readonly elsewhere: boolean;
}

/** What became of addresses that one ENI lacks. */
export interface EniResult {
  readonly done: readonly PlacedAddress[];
  readonly waiting: readonly NotYetAssigned[];
  readonly failed: readonly Unassigned[];
}

export const NOTHING: EniResult = { done: [], waiting: [], failed: [] };

export function together(...all: readonly EniResult[]): EniResult {
  return {
    done: all.flatMap(({ done }) => done),
    waiting: all.flatMap(({ waiting }) => waiting),
    failed: all.flatMap(({ failed }) => failed),
  };
}

/** An address that EC2 refuses to assign. */
export interface Refused {
  readonly placed: PlacedAddress;
  readonly refusal: Refusal;
}

/**
 * One Assign for addresses of one ENI.
 *
 * @throws what the SDK throws if EC2 does not refuse addresses.
 */
export async function assignPlaced(
  client: Ec2,
  placed: readonly PlacedAddress[],
  signal: AbortSignal,
): Promise<{ readonly done: readonly PlacedAddress[]; readonly refused: readonly Refused[] }> {
  const [first] = placed;
  if (first === undefined) return { done: [], refused: [] };
  const addresses = placed.map(({ address }) => address);
  const outcome = await assignToEni(client, first.eni.id, addresses, signal);
  const refusals = new Map(outcome.refused.map(({ address, refusal }) => [address, refusal]));
  const refused = placed.flatMap((each) => {
    const refusal = refusals.get(each.address);
    return refusal === undefined ? [] : [{ placed: each, refusal }];
  });
  return { done: placed.filter(({ address }) => !refusals.has(address)), refused };
}

/** What EC2's refusals mean if no look-up has said more. */
export function judge(refused: readonly Refused[]): EniResult {
  const waiting: NotYetAssigned[] = [];
  const failed: Unassigned[] = [];
  for (const { placed, refusal } of refused) {
    const { eni } = placed;
    if (refusal.kind === 'elsewhere') {
      const reason = 'EC2 says that another ENI has it, and does not show yet which';
      waiting.push({ ...placed, elsewhere: true, reason });
    } else if (refusal.kind === 'eni-full') {
      // The reconciler, or whoever holds them, lets go of addresses that are in use no longer.
      const reason = describeProblem(refusedAs({ eniId: eni.id }, refusal));
      waiting.push({ ...placed, elsewhere: false, reason });
    } else failed.push({ ...placed, reason: describeRefusal(placed, refusal) });
  }
  return { done: [], waiting, failed };
}

function describeRefusal({ eni }: PlacedAddress, refusal: Refusal): string {
  const { kind } = refusal;
  return describeProblem(
    kind === 'outside-subnet' || kind === 'reserved'
      ? { kind, eniId: eni.id, subnetId: eni.subnetId }
      : refusedAs({ eniId: eni.id }, refusal),
  );
}
