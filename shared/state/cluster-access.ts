import type { Address, AddressRange } from '../address.ts';
import { type Binding, within } from '../claims/ranges.ts';
import type { Kubernetes } from '../cluster/kubernetes.ts';
import type { Ec2, ManagedTag } from '../enis/ec2.ts';
import type { LimitsOf } from '../enis/instance-limits.ts';
import type { EniInventory } from '../enis/inventory.ts';
import type { Subnets } from '../enis/subnets.ts';
import type { Policy } from '../plan/policy.ts';
import type { Telemetry } from '../telemetry.ts';
import type { Clock } from '../time/clock.ts';

/** EC2, as it is asked and told. */
export interface Ec2Access {
  readonly inventory: EniInventory;
  readonly subnets: Subnets;
  readonly limitsOf: LimitsOf;
  readonly managedTag: ManagedTag;
  /**
   * Sends each call once: what is tried again rests on a new read, and a throttled call is not
   * repeated behind the back of the call budget.
   */
  readonly client: Ec2;
}

/** One cluster, with all that a reconcile or a sweep of it works on. */
export interface ClusterAccess {
  readonly cluster: string;
  readonly kubernetes: Kubernetes;
  readonly ec2: Ec2Access;
  /** Configured bounds; nothing outside is ever assigned or released. */
  readonly bounds?: readonly AddressRange[];
  /** Blocks that the configuration keeps for some namespaces. */
  readonly bindings?: readonly Binding[];
  /** Whether the configuration's `ours` makes an address ours, whether a pod claimed it or not; absent: none. */
  readonly isOurs?: (address: Address) => boolean;
  readonly policy: Policy;
  /** Each Node's status tells how much room its ENIs have; absent: nobody writes to it. */
  readonly advertisesRoom?: true;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** What of an access a cluster's `ranges`, `namespaces` and `ours` decide. */
export function boundsOf({
  bindings,
  ours,
  ranges,
}: Partial<Readonly<Record<'ours' | 'ranges', readonly AddressRange[]>>> & {
  readonly bindings?: readonly Binding[] | undefined;
}): Pick<ClusterAccess, 'bindings' | 'bounds' | 'isOurs'> {
  return { bounds: ranges, ...(bindings && { bindings }), ...(ours && { isOurs: within(ours) }) };
}
