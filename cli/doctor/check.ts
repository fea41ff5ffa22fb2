import type { ParsedNetwork, UnreadableNetwork } from '../../shared/claims/net-attach-def.ts';
import type { NetworkAttachmentDefinition } from '../../shared/cluster/kubernetes.ts';
import type { PoolAudit } from '../../shared/drift/pool-audit.ts';
import type { Leader } from '../status/lease.ts';
import type { View } from '../view/view.ts';
import type { MaxPods } from './max-pods.ts';
import type { MaybeKnown, Unasked } from './maybe-known.ts';
import type { StageFacts } from './stage/stage.ts';
import type { Neighbour } from './subnet-neighbours.ts';
import type { SubnetReservations } from './subnet-reservations.ts';
import type { SystemPod } from './system-pods.ts';

/** What checks look at: a cluster, or manifests alone. */
export interface CheckSubject {
  /** Absent if manifests are looked at without a cluster. */
  readonly view?: View;
  readonly definitions: readonly NetworkAttachmentDefinition[];
  /** By `namespace/name`, those that can be read. */
  readonly networks: ReadonlyMap<string, ParsedNetwork>;
  readonly unreadable: readonly UnreadableNetwork[];
  /** Absent before anything is installed, and without a cluster; `none` where there is no Lease. */
  readonly leader?: Leader | 'none';
  /** Absent if the cluster has no whereabouts, or it may not be listed. */
  readonly pools?: PoolAudit;
  /** This and the next three are absent without a cluster. */
  readonly subnetReservations?: MaybeKnown<SubnetReservations>;
  /** ENIs of others in the subnets of Multus ENIs. */
  readonly neighbours?: MaybeKnown<readonly Neighbour[]>;
  readonly maxPods?: MaybeKnown<MaxPods>;
  /** The pods of Multus, the VPC CNI and the forwarder. */
  readonly systemPods?: readonly SystemPod[];
  /**
   * What is deployed in AWS to serve the cluster; absent if no stage is named, and before
   * anything is installed.
   */
  readonly stage?: StageFacts;
  /** What the cluster does not let the functions do; absent before anything is installed. */
  readonly lacking?: MaybeKnown<readonly string[]>;
  /** Whether the configuration bounds what may be assigned and released; absent before anything is installed. */
  readonly hasRanges?: MaybeKnown<boolean>;
  /** `key=value`. */
  readonly managedTag?: string;
  readonly now: number;
}

/** One thing that is set up wrongly. */
export interface Finding {
  /** What it is about, such as an ENI. */
  readonly about: string;
  readonly text: string;
}

/** One way of being set up wrongly, under a code that stays. */
export interface Check {
  readonly code: string;
  readonly name: string;
  /** Why it matters. */
  readonly reason: string;
  readonly fix: string;
  /** Where the rule is from. */
  readonly source: string;
  /** What it needs: `manifests` alone, a `cluster`, or one in which the product is `installed`. */
  readonly asks: 'manifests' | 'cluster' | 'installed';
  /** @returns what is wrong; or why that cannot be said, where something may not be asked. */
  find(subject: CheckSubject): readonly Finding[] | Unasked;
}
