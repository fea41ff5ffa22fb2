import { AsyncLocalStorage } from 'node:async_hooks';
import type { Answer } from '../world/ec2.ts';
import type { KnownControl } from './controls.ts';
import type { Entry } from './ledgers.ts';
import type { Life } from './life.ts';

/** What one reconcile of a node has read so far, by the number of the step. */
export interface Reading {
  readonly cluster: string;
  /** The step at which it began. */
  readonly begun: number;
  /** The node that it is for: the first whose pods it listed. */
  node?: string;
  /** When the pods of each node were first listed to it, and last; `*`: those of all nodes. */
  readonly first: Map<string, number>;
  readonly last: Map<string, number>;
  /** When each ENI was last described to it. */
  readonly enis: Map<string, number>;
  /** What it wrote into the ledger of each ENI last. */
  readonly wrote: Map<string, ReadonlyMap<string, Entry>>;
  /** The ENIs whose ledgers it cannot use, as the API server said last. */
  readonly unusable: Set<string>;
}

/** Who makes a call that may change EC2, and what it had read when it sent it. */
export interface Acting {
  readonly life: Life;
  readonly reading: Reading | undefined;
  /** When pods of each node were listed, and each ENI described. */
  readonly listed: ReadonlyMap<string, number>;
  readonly described: ReadonlyMap<string, number>;
  /** The attachments of ENIs that its process had been shown. */
  readonly shown: ReadonlySet<string>;
  /** What its process knew of what is stopped. */
  readonly control: KnownControl;
  /** What the ledger of the ENI said, and what this reconcile had written there. */
  readonly entries: ReadonlyMap<string, Entry>;
  readonly wrote: ReadonlyMap<string, Entry> | undefined;
  /** ms. */
  readonly sentAt: number;
}

/**
 * Which reconcile a call belongs to: those of one batch share their clients, and each begins with
 * asking for its cluster's API server.
 */
const current = new AsyncLocalStorage<Reading>();

/** The attachments of ENIs that each process has been shown. */
const attachments = new WeakMap<Life, Set<string>>();

export function shownTo(life: Life): ReadonlySet<string> {
  return new Set(attachments.get(life));
}

export function beginReading(cluster: string, step: number): void {
  current.enterWith({
    ...{ cluster, begun: step, first: new Map(), last: new Map(), enis: new Map() },
    ...{ wrote: new Map(), unusable: new Set() },
  });
}

export function currentReading(): Reading | undefined {
  return current.getStore();
}

export function listed(reading: Reading, node: string | undefined, step: number): void {
  if (node !== undefined) reading.node ??= node;
  const key = node ?? '*';
  if (!reading.first.has(key)) reading.first.set(key, step);
  reading.last.set(key, step);
}

/** EC2 answers: what it shows is as it was at that step. */
export function described(reading: Reading | undefined, answer: Answer, step: number): void {
  for (const { NetworkInterfaceId: id } of enisIn(answer)) reading?.enis.set(String(id), step);
}

/** A process that could not write a ledger leaves it alone for so long when it looks at that node again. */
const UNWRITABLE_MS = 60_000;
/** Until when, by node and ENI, ms. */
const unwritable = new WeakMap<Life, Map<string, number>>();
const unwritableKey = (reading: Reading | undefined, eniId: string): string =>
  `${reading?.cluster}/${reading?.node} ${eniId}`;

/** A ledger was read, or cannot be. */
export function readLedger(reading: Reading | undefined, eniId: string, isUsable: boolean): void {
  if (isUsable) reading?.unusable.delete(eniId);
  else reading?.unusable.add(eniId);
}

/** A ledger was written, with these entries, or cannot be. */
export function wroteLedger(
  reading: Reading | undefined,
  life: Life,
  eniId: string,
  wrote: ReadonlyMap<string, Entry> | undefined,
): void {
  if (wrote !== undefined) {
    reading?.wrote.set(eniId, wrote);
    return;
  }
  const ofLife = unwritable.get(life) ?? new Map<string, number>();
  const until = life.clock.now() + UNWRITABLE_MS;
  unwritable.set(life, ofLife.set(unwritableKey(reading, eniId), until));
}

/** Whether whoever acts has been told that the ledger of that ENI cannot be used. */
export function cannotUse({ life, reading, sentAt }: Acting, eniId: string): boolean {
  const until = unwritable.get(life)?.get(unwritableKey(reading, eniId));
  return (until !== undefined && sentAt <= until) || reading?.unusable.has(eniId) === true;
}

/** The answer has arrived. */
export function arrived(life: Life, answer: Answer): void {
  const shown = attachments.get(life) ?? new Set();
  attachments.set(life, shown);
  for (const { Attachment: attachment } of enisIn(answer)) {
    if (attachment !== undefined) shown.add(String(attachment.AttachmentId));
  }
}

/** Those of a DescribeNetworkInterfaces. */
function enisIn({ NetworkInterfaces: enis }: Answer) {
  return Array.isArray(enis) ? enis : [];
}
