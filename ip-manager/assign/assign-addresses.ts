import type { Address } from '../../shared/address.ts';
import { mayBeElsewhere } from '../../shared/enis/ec2-errors.ts';
import { allEnded } from '../../shared/time/all-ended.ts';
import type { PodAddress } from '../addresses/pod-addresses.ts';
import { assignPlaced, type EniResult, judge, NOTHING, together } from './assign-placed.ts';
import type { InstanceEc2 } from './ec2-access.ts';
import { lookUp } from './look-up.ts';
import { isThere, type PlacedAddress, place } from './place.ts';

/** What became of the pod's addresses. */
export interface AssignResult extends EniResult {
  /** EC2 had them on their ENIs already. */
  readonly there: readonly PlacedAddress[];
  /** Of networks that are not on ENIs. */
  readonly notOurs: readonly PodAddress[];
}

/**
 * Gets the addresses onto the instance's ENIs as far as that goes now: one Describe, and one Assign for
 * each ENI that lacks any. If another ENI has one, that ENI is looked up.
 *
 * @param contested addresses that another ENI had when this was tried before: they are looked up
 *   before they are tried.
 * @throws what `lookUp` and the SDK throw, once no call is under way any more.
 */
export async function assignAddresses(
  ec2: InstanceEc2,
  addresses: readonly PodAddress[],
  contested: ReadonlySet<Address>,
  signal: AbortSignal,
): Promise<AssignResult> {
  const enis = await ec2.inventory.ofInstances([ec2.instanceId], signal);
  const { placed, notOurs, failed } = await place(addresses, enis, ec2, signal);
  const [there, missing] = partition(placed, isThere);
  const byEni = Map.groupBy(missing, ({ eni }) => eni.id);
  const served = await allEnded(
    [...byEni.values()].map((lacking) => serve(ec2, lacking, contested, signal)),
  );
  return { there, notOurs, ...together({ ...NOTHING, failed }, ...served) };
}

/** Assigns the addresses that one ENI lacks. */
async function serve(
  ec2: InstanceEc2,
  lacking: readonly PlacedAddress[],
  contested: ReadonlySet<Address>,
  signal: AbortSignal,
): Promise<EniResult> {
  const [known, untried] = partition(lacking, ({ address }) => contested.has(address));
  const { done, refused } = await assignPlaced(ec2.client, untried, signal);
  const [elsewhere, others] = partition(refused, ({ refusal }) => mayBeElsewhere(refusal));
  const open = [...known, ...elsewhere.map(({ placed }) => placed)];
  return together({ ...judge(others), done }, await lookUp(ec2, open, signal));
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}
