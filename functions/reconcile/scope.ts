import type { Address } from '../../shared/address.ts';
import type { SendMessages } from '../../shared/messages/queue.ts';
import type { PodEvent } from '../../shared/messages/schema.ts';
import type { ClusterAccess } from '../../shared/state/cluster-access.ts';
import type { Admission } from '../admission.ts';
import type { Brake } from '../brake.ts';
import type { Controls } from '../control.ts';

/** What the messages of a node ask for, together. */
export interface NodeRequest {
  readonly node: string;
  /** The instance that a message names: a first guess, checked like any other. */
  readonly instanceId?: string;
  /** Addresses whose claim a watch saw end (docs/design.md, "The brake"). */
  readonly seenToEnd: ReadonlySet<Address>;
  /** A message says that another node may have what pods of this one claim: EC2 would refuse much of it. */
  readonly lookFirst: boolean;
  /** How often the message that was received most often was received. */
  readonly receives: number;
  /** Those of the messages. */
  readonly reasons: readonly string[];
  /** SQS's ids of the messages. */
  readonly messageIds: readonly string[];
  /** The pods that the messages tell of, for what is told about released addresses. */
  readonly pods: readonly PodEvent[];
  /** When the oldest event that the messages tell of was observed, ms since the epoch. */
  readonly since: number;
  /** What the messages let expect, before the node is read. */
  readonly expects: { readonly assigns: boolean; readonly unassigns: boolean };
}

/** What is kept of a node from one message to the next. */
export interface NodeMemory {
  /** The instance that the Node named last; a wrong one costs one more read. */
  instanceId?: string | undefined;
  /** The ENIs that it had last: their ledgers are read beside them. */
  eniIds?: readonly string[];
  /** How many managed ENIs it had last. */
  managedEnis?: number;
  /** ENIs whose ledger could not be written, and until when it is not tried again, ms since the epoch. */
  readonly unwritable: Map<string, number>;
  /** Since when its lists have shown no pod at all, ms since the epoch. */
  emptySince?: number;
  /** What its Event said last to be withheld. */
  withheldTold?: string;
}

/** What a reconcile works with. */
export interface ReconcileScope {
  readonly access: ClusterAccess;
  readonly memory: NodeMemory;
  readonly admission: Admission;
  readonly brake: Brake;
  readonly controls: Controls;
  readonly send: SendMessages;
  /** Resolves once nobody else can be at work on the node: nothing is written before. Throws as `Hold`. */
  readonly held: () => Promise<void>;
}
