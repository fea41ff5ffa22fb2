import { releaseFromEni } from '../../shared/apply/release.ts';
import type { Eni } from '../../shared/enis/eni.ts';
import { describeProblem } from '../../shared/plan/problem.ts';
import { assignPlaced, type EniResult, judge, NOTHING, together } from './assign-placed.ts';
import type { InstanceEc2 } from './ec2-access.ts';
import type { PlacedAddress } from './place.ts';

/**
 * Looks up which other ENIs have addresses that one ENI lacks. Assigns addresses that none has any
 * more. It waits for an address that one has, or, if that is allowed, unassigns it from exactly the ENI
 * that it looked at.
 *
 * @throws StalePodsError if it took too long to unassign on what had been shown, and what the SDK
 * throws.
 */
export async function lookUp(
  ec2: InstanceEc2,
  open: readonly PlacedAddress[],
  signal: AbortSignal,
): Promise<EniResult> {
  const [first] = open;
  if (first === undefined) return NOTHING;
  const lookedAt = ec2.clock.now();
  const addresses = open.map(({ address }) => address);
  const shown = await ec2.inventory.withAddresses(first.eni.vpcId, addresses, signal);
  const free: PlacedAddress[] = [];
  const take: (PlacedAddress & { readonly holder: Eni })[] = [];
  const held: EniResult[] = [];
  for (const placed of open) {
    const holder = shown.find((eni) => eni.id !== placed.eni.id && has(eni, placed));
    if (holder === undefined) free.push(placed);
    else if (mayBeTaken(ec2, placed, holder)) take.push({ ...placed, holder });
    else held.push(describeHeld(ec2, placed, holder));
  }
  for (const [eniId, taking] of Map.groupBy(take, ({ holder }) => holder.id)) {
    const releasing = { once: ec2.once, clock: ec2.clock, listedAt: lookedAt, signal };
    // An address that is refused here is refused again where it is assigned, and told there.
    await releaseFromEni(
      releasing,
      eniId,
      taking.map(({ address }) => address),
    );
  }
  const { done, refused } = await assignPlaced(ec2.client, [...free, ...take], signal);
  return together(...held, { ...judge(refused), done });
}

function has(eni: Eni, { address }: PlacedAddress): boolean {
  return eni.secondary.includes(address) || eni.primary.includes(address);
}

/** Only from a managed ENI that a tag names as one of the same cluster as ours. */
function mayBeTaken(
  { allowReassignment }: InstanceEc2,
  { address, eni }: PlacedAddress,
  holder: Eni,
) {
  return (
    allowReassignment &&
    holder.managed &&
    holder.secondary.includes(address) &&
    holder.clusters.some((cluster) => eni.clusters.includes(cluster))
  );
}

function describeHeld(
  { allowReassignment }: InstanceEc2,
  placed: PlacedAddress,
  holder: Eni,
): EniResult {
  const eniId = holder.id;
  if (holder.primary.includes(placed.address)) {
    const reason = describeProblem({ kind: 'primary', eniId });
    return { ...NOTHING, failed: [{ ...placed, reason }] };
  }
  const where = holder.instanceId === undefined ? eniId : `${eniId} of ${holder.instanceId}`;
  const reason = allowReassignment
    ? describeProblem({ kind: 'held-elsewhere', eniId, why: 'not-our-eni' })
    : `on ${where}, until the reconciler moves it or its holder lets go. Without a reconciler, ALLOW_REASSIGNMENT=true takes it`;
  return { ...NOTHING, waiting: [{ ...placed, elsewhere: true, reason }] };
}
