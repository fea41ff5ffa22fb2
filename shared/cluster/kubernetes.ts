import type { Ledger, LedgerReading, LedgersReading, LedgerWriting, Signature } from './ledgers.ts';
import type { IpPool } from './reservations.ts';
import type { AdvertisedRoom, PatchOperation } from './room-resources.ts';

/** A pod object's identity. Two objects of one name are told apart by `uid`. */
export interface PodRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** The pod condition that this project owns; a pod may name it as a readiness gate. */
export const CONDITION_TYPE = 'multus-eni.dev/ips-assigned';

export interface PodCondition {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** What is kept of a Pod object: nothing else of it decides anything. */
export interface Pod extends PodRef {
  /** `spec.nodeName`; absent until the pod is scheduled. */
  readonly node?: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** `metadata.deletionTimestamp` is set. */
  readonly terminating: boolean;
  /** `status.phase` is `Succeeded` or `Failed`: the object stays, its addresses are free. */
  readonly finished: boolean;
  readonly hostNetwork: boolean;
  /** The pod names CONDITION_TYPE among its `spec.readinessGates`. */
  readonly gated: boolean;
  /** Since when its sandbox is ready, ms since the epoch; absent if it is not. */
  readonly sandboxSince?: number;
  /** Only the annotations named in shared/cluster/annotations.ts. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Our own condition, if the pod has it. */
  readonly condition?: PodCondition;
  /** What it requests of the extended resources that stand for room; absent if there is none. */
  readonly requestedRoom?: Readonly<Record<string, number>>;
  /** How many characters of JSON it has; absent where that is not many. */
  readonly large?: number;
}

export interface Node {
  readonly name: string;
  readonly uid: string;
  /** The EC2 instance that `spec.providerID` names. */
  readonly instanceId?: string;
  /**
   * `spec.providerID` names what is no EC2 instance: Fargate, hybrid nodes. If it names nothing, as may
   * be for a moment after the Node registered, nobody knows yet.
   */
  readonly outsideEc2?: true;
  /** Label `node.kubernetes.io/instance-type`. */
  readonly instanceType?: string;
  /** Absent if the kubelet has told of no capacity yet, or if the Node's status was not read. */
  readonly advertised?: AdvertisedRoom;
}

/** A NetworkAttachmentDefinition object's identity. */
export interface NetworkRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface NetworkAttachmentDefinition extends NetworkRef {
  /** `spec.config`, not parsed: text, or `null` if somebody wrote something else. */
  readonly config?: unknown;
  /** Which part of it is too long to be kept, in a few words. */
  readonly tooLong?: string;
  /** It carries the label by which its room is advertised. */
  readonly advertised?: true;
  /** How many characters of JSON it has; absent where that is not many. */
  readonly large?: number;
  readonly annotations: Readonly<Record<string, string>>;
  /** Only its metadata was read so far, as others had too many bytes. */
  readonly unread?: true;
}

/** A core/v1 Event to be written about an object. */
export interface EventToWrite {
  readonly regarding:
    | ({ readonly kind: 'Pod' } & PodRef)
    | ({ readonly kind: 'NetworkAttachmentDefinition' } & NetworkRef)
    | { readonly kind: 'Node'; readonly name: string; readonly uid: string };
  /**
   * At most 36 characters that a name may end in, the same each time: then what is told again is
   * written again only once Kubernetes has forgotten it. Without it, each time.
   */
  readonly id?: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason:
    | 'IPsAssigned'
    | 'IPsReleased'
    | 'IPAssignmentFailed'
    | 'NotAttached'
    | 'ReleasesWithheld'
    | 'UnreadableNetwork';
  /** At most 1,024 bytes reach the API server; longer ones are cut. */
  readonly message: string;
}

/**
 * The calls on one cluster's API server. Every list is a consistent read (no
 * `resourceVersion`: "Most Recent", https://kubernetes.io/docs/reference/using-api/api-concepts/),
 * paged, and whole: it is never part of a list.
 */
export interface Kubernetes {
  /** All pods, or those bound to `node`. */
  listPods(options: { readonly node?: string; readonly signal?: AbortSignal }): Promise<Pod[]>;
  /** `undefined` if no Node has that name. */
  getNode(name: string, signal?: AbortSignal): Promise<Node | undefined>;
  listNodes(signal?: AbortSignal): Promise<Node[]>;
  /** As `listNodes`, with what each advertises: several times as long. */
  listWholeNodes(signal?: AbortSignal): Promise<Node[]>;
  /** Empty if the cluster does not have the NetworkAttachmentDefinition CRD. Some may be unread. */
  listNetworkAttachmentDefinitions(signal?: AbortSignal): Promise<NetworkAttachmentDefinition[]>;
  /** Reads unread ones. What is gone by now is left out. */
  readNetworkAttachmentDefinitions(
    unread: readonly NetworkAttachmentDefinition[],
    signal?: AbortSignal,
  ): Promise<NetworkAttachmentDefinition[]>;
  /** What whereabouts gives out; `undefined` if the cluster does not have the IPPool CRD. */
  listIpPools(signal?: AbortSignal): Promise<IpPool[] | undefined>;
  /**
   * Sets our condition on the pod's status; does nothing if that pod (by uid) is gone. An absent
   * `lastTransitionTime` (ms since the epoch) is left as it is.
   */
  setPodCondition(
    pod: PodRef,
    condition: PodCondition & { readonly lastTransitionTime?: number },
    signal?: AbortSignal,
  ): Promise<void>;
  /**
   * Patches a Node's status; does nothing if that Node (by uid) is gone, or does not say any more what
   * the patch tests.
   */
  patchNodeStatus(
    node: Pick<Node, 'name' | 'uid'>,
    operations: readonly PatchOperation[],
    signal?: AbortSignal,
  ): Promise<void>;
  /** Writes an Event; does nothing if its namespace is gone or terminating. */
  writeEvent(event: EventToWrite & { readonly at: number }, signal?: AbortSignal): Promise<void>;
  /** The ledger of an ENI, by a consistent read; an empty one if there is no object. */
  readLedger(eniId: string, signal?: AbortSignal): Promise<LedgerReading>;
  listLedgers(signal?: AbortSignal): Promise<LedgersReading>;
  /** Creates or replaces a ledger, if nobody wrote it since `ledger.version`. */
  writeLedger(ledger: Ledger, signature: Signature, signal?: AbortSignal): Promise<LedgerWriting>;
  /** Deletes that version of a ledger; does nothing if there is another by now, or none. */
  deleteLedger(ledger: Ledger, signal?: AbortSignal): Promise<void>;
}
