import { AsyncLocalStorage } from 'node:async_hooks';
import type { Answer } from '../world/ec2.ts';
import type { KnownControl } from './controls.ts';
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
  current.enterWith({ cluster, begun: step, first: new Map(), last: new Map(), enis: new Map() });
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
