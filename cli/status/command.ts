import type { Sqs } from '../../shared/messages/sqs.ts';
import type { MetricName } from '../../shared/telemetry.ts';
import { type Clock, sleep } from '../../shared/time/clock.ts';
import { unlessAborted } from '../../shared/time/unless-aborted.ts';
import { type Look, unlessRefused } from '../access/access.ts';
import type { BookingsTable } from '../bookings-table.ts';
import { countsText, driftIn } from '../drift/command.ts';
import { EXIT } from '../exit-code.ts';
import { count, type Output, type Tone } from '../output.ts';
import { stopText } from '../stop/command.ts';
import { brakeText } from '../view/brake.ts';
import { policyLine } from '../view/policy.ts';
import { ago } from '../view/text.ts';
import { readView, type View } from '../view/view.ts';
import { COLUMNS, labelled, wrap } from '../wrap.ts';
import { bookingsText } from './bookings.ts';
import { type CloudWatch, type Measured, readAlarms, readMetrics } from './cloudwatch.ts';
import { readLeader } from './lease.ts';
import { ledgersStatus } from './ledgers.ts';
import { readQueue } from './queue.ts';
import { type NodeRoom, roomOfNodes, roomTexts } from './room.ts';

/** Who is asked beside the cluster and EC2. */
export interface StatusSources {
  readonly clock: Clock;
  readonly sqs: Sqs;
  /** Absent if nobody says which queue it is. */
  readonly queueUrl?: string;
  readonly deadLetterQueueUrl?: string;
  /** Absent without a stage: alarms and metrics are a stage's. */
  readonly cloudWatch?: CloudWatch;
  readonly stage?: string;
  /** Where executions book EC2's calls; absent: nowhere. */
  readonly bookings?: BookingsTable;
}

/** One line of the screen. */
export interface StatusRow {
  readonly name: string;
  readonly text: string;
  readonly tone?: Tone;
  /** It could not be read: the answer is a partial one. */
  readonly missing?: true;
}

export interface ClusterStatus {
  readonly cluster: string;
  readonly rows: readonly StatusRow[];
  /** How full each node's ENIs are, the fullest first; none if they could not be read. */
  readonly rooms: readonly NodeRoom[];
}

/** How often a forwarder sends a heartbeat is a minute; three without one is silence. */
const SILENT_MS = 180_000;

/**
 * Does it work? What can be read is told, and what cannot is named.
 *
 * @returns the exit code: 1 if something could not be read, otherwise 4 if something is wrong.
 */
export async function statusCommand(
  looks: readonly Look[],
  sources: StatusSources,
  output: Output,
): Promise<number> {
  const statuses: ClusterStatus[] = [];
  for (const look of looks) statuses.push(await statusOf(look, sources, output));
  const calls = looks.reduce((sum, look) => sum + look.calls(), 0);
  output.result({ clusters: statuses, calls });
  for (const { cluster, rows } of statuses) {
    for (const line of wrap(cluster, COLUMNS)) output.line(line);
    for (const { name, text, tone } of rows) {
      for (const line of labelled(name, text, 2, 12)) output.line(line, tone);
    }
    output.line('');
  }
  const rows = statuses.flatMap((status) => status.rows);
  if (rows.some(({ missing }) => missing)) return EXIT.failed;
  return rows.some(({ tone }) => tone === 'bad') ? EXIT.found : EXIT.ok;
}

const WATCH_MS = 5_000;

/** Shows it again and again, until the operator has had enough. @returns the exit code for that. */
export async function watching(
  once: () => Promise<number>,
  output: Output,
  { clock, interrupted }: { readonly clock: Clock; readonly interrupted: () => AbortSignal },
): Promise<number> {
  const signal = interrupted();
  while (!signal.aborted) {
    output.clear();
    try {
      await unlessAborted(once(), signal);
      await sleep(clock, WATCH_MS, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
  return EXIT.interrupted;
}

/** One cluster's lines; what cannot be read is a line that says so. */
export async function statusOf(
  look: Look,
  sources: StatusSources,
  output: Output,
): Promise<ClusterStatus> {
  const { cluster } = look.access;
  const { cloudWatch, stage, clock, bookings } = sources;
  const now = clock.now();
  const metrics = cloudWatch && readMetrics(cloudWatch, cluster, now);
  const view = unlessRefused(cluster, () => readView(look.access, output.progress));
  const { stop } = look;
  const rows = await Promise.all([
    stop && { name: 'stopped', text: stopText(stop), tone: 'bad' as const },
    stop === undefined ? policyRow(look) : undefined,
    row('forwarder', () => forwarder(look, now)),
    metrics && row('heartbeat', async () => heartbeat(await metrics, now)),
    metrics && row('sweep', async () => sweep(await metrics, now)),
    sources.queueUrl && row('queue', () => queue(sources, sources.queueUrl)),
    metrics && row('EC2', async () => throttles(await metrics)),
    bookings && row('booked', async () => ({ text: await bookingsText(bookings, now) })),
    cloudWatch && stage && row('alarms', () => alarmsOn(cloudWatch, stage)),
    row('nodes', async () => nodes(await view)),
    view.then(
      (known) => ({ name: 'ledgers', ...ledgersStatus(known) }),
      () => undefined,
    ),
    view.then(
      (known) => brakeRow(brakeText(known, look)),
      () => undefined,
    ),
  ]);
  const rooms = await view.then(roomOfNodes, () => []);
  const told = roomTexts(rooms).map((text, at) => ({ name: at === 0 ? 'room' : '', text }));
  const known = rows.filter((each): each is StatusRow => each !== undefined && each !== '');
  return { cluster, rows: [...known, ...told], rooms };
}

function policyRow(look: Look): StatusRow | undefined {
  const line = policyLine(look);
  return line && { name: 'policy', ...line };
}

function brakeRow(text: string | undefined): StatusRow | undefined {
  return text === undefined ? undefined : { name: 'brake', text, tone: 'bad' };
}

async function row(name: string, read: () => Promise<Omit<StatusRow, 'name'>>): Promise<StatusRow> {
  try {
    return { name, ...(await read()) };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return { name, text: `not known: ${said}`, tone: 'bad', missing: true };
  }
}

async function forwarder({ access, api }: Look, now: number): Promise<Omit<StatusRow, 'name'>> {
  const leader = await unlessRefused(access.cluster, () => readLeader(api));
  if (leader === undefined) return { text: 'none has run: there is no Lease', tone: 'bad' };
  const { holder, renewedAt, durationSeconds } = leader;
  const renewed = `renewed ${ago(renewedAt, now)}`;
  if (holder === '') return { text: `nobody leads; ${renewed}`, tone: 'bad' };
  const isOver = now - renewedAt > durationSeconds * 1000;
  const text = `${holder} leads${isOver ? ' no more' : ''}, ${renewed}`;
  return { text, tone: isOver ? 'bad' : 'good' };
}

function heartbeat({ last }: Measured, now: number): Omit<StatusRow, 'name'> {
  const beat = last.get('ForwarderHeartbeat');
  if (beat === undefined) return { text: 'none in the last hour', tone: 'bad' };
  return { text: ago(beat.at, now), tone: now - beat.at > SILENT_MS ? 'bad' : 'good' };
}

const FOUND: readonly (readonly [MetricName, string])[] = [
  ['DriftMissing', 'missing'],
  ['DriftLeaked', 'leaked'],
  ['DriftForeign', 'foreign'],
  ['DriftConflicting', 'conflict'],
  ['DriftFull', 'full'],
];

function sweep({ last }: Measured, now: number): Omit<StatusRow, 'name'> {
  const done = last.get('SweepCompleted');
  if (done === undefined) return { text: 'none in the last hour', tone: 'bad' };
  const found = FOUND.flatMap(([name, word]) => {
    const { at = 0, value = 0 } = last.get(name) ?? {};
    // A sweep that finds nothing says nothing of it.
    return value > 0 && at >= done.at ? [`${value} ${word}`] : [];
  });
  const what = found.length === 0 ? 'no drift' : found.join(', ');
  return { text: `${ago(done.at, now)}: ${what}`, tone: found.length === 0 ? 'good' : undefined };
}

async function queue(
  { sqs, deadLetterQueueUrl }: StatusSources,
  queueUrl = '',
): Promise<Omit<StatusRow, 'name'>> {
  const { waiting, inFlight, deadLetters } = await readQueue(sqs, queueUrl, deadLetterQueueUrl);
  const dead = deadLetters === undefined ? '' : `; ${count(deadLetters, 'dead letter')}`;
  const text = `${count(waiting, 'message')} waiting, ${inFlight} in flight${dead}`;
  return { text, tone: (deadLetters ?? 0) > 0 ? 'bad' : 'good' };
}

function throttles({ sum }: Measured): Omit<StatusRow, 'name'> {
  const number = sum.get('Ec2Throttles') ?? 0;
  return { text: `${count(number, 'call')} throttled in the last hour` };
}

async function alarmsOn(cloudWatch: CloudWatch, stage: string): Promise<Omit<StatusRow, 'name'>> {
  const on = await readAlarms(cloudWatch, stage);
  if (on.length === 0) return { text: 'none is on', tone: 'good' };
  return { text: `${on.map(({ name }) => name).join(', ')}: see docs/runbook.md`, tone: 'bad' };
}

function nodes(view: View): Omit<StatusRow, 'name'> {
  const drift = driftIn(view);
  const text = countsText(drift.counts);
  const size = `${count(drift.nodes, 'node')}, ${count(drift.pods, 'pod')}, ${count(drift.enis, 'ENI')}`;
  const isOff = drift.addresses.some(({ state }) => state !== 'foreign');
  const [missing] = view.missing;
  if (missing !== undefined) {
    return { text: `${size}: ${text}; ${missing}`, tone: 'bad', missing: true };
  }
  return { text: `${size}: ${text}`, tone: isOff ? 'bad' : 'good' };
}
