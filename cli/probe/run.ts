import type { Address } from '../../shared/address.ts';
import { kubernetesFailure, refusalOf } from '../../shared/cluster/errors.ts';
import { type ProbeOrder, probeReport } from '../../shared/probe.ts';
import { readJson } from '../../shared/text/read.ts';
import { type Clock, sleep } from '../../shared/time/clock.ts';
import { podFacts } from './pod-facts.ts';
import type { ProbePods } from './pods.ts';
import { rowsOf } from './rows.ts';
import type { ProbeSeen, Side } from './seen.ts';

const TICK_MS = 50;
const RETRY_MS = 500;
const EVENTS_MS = 1_000;
/** What is wrong is believed once nothing has changed for this long. */
const QUIET_MS = 10_000;

type MutableSide = { -readonly [Key in keyof Side]: Side[Key] };

export interface ProbeRun {
  readonly run: string;
  /** `namespace/name`. */
  readonly network: string;
  readonly gateway?: string;
  readonly sides: readonly [Pick<Side, 'node' | 'pod'>, Pick<Side, 'node' | 'pod'>];
  /** How long it may take. */
  readonly seconds: number;
}

/**
 * Watches the pods of a run and tells them whom to try, until all is well, or nothing changes any more,
 * or the time is up.
 *
 * @returns what was seen.
 * @throws what the API server throws that no later try mends, and the signal's reason.
 */
export async function watchRun(
  run: ProbeRun,
  pods: ProbePods,
  clock: Clock,
  signal: AbortSignal,
): Promise<ProbeSeen> {
  const [a, b] = run.sides.map(({ node, pod }): MutableSide => ({ node, pod, warnings: [] }));
  if (a === undefined || b === undefined) throw new Error('a probe has two sides');
  const seen: ProbeSeen = {
    network: run.network,
    sides: [a, b],
    ...(run.gateway !== undefined && { gateway: run.gateway }),
  };
  const ending = new AbortController();
  const either = AbortSignal.any([signal, ending.signal]);
  const { promise: broken, reject } = Promise.withResolvers<never>();
  const keep = (task: () => Promise<void>): Promise<void> =>
    keepDoing(task, clock, either).catch(reject);
  const tasks = [
    keep(() => followPods(run, seen, pods, clock, either)),
    ...[a, b].flatMap((side) => [
      keep(() => followLog(side, run, pods, clock, either)),
      keep(() => readWarnings(side, pods, clock, either)),
    ]),
  ];
  try {
    await Promise.race([untilDecided(run, seen, pods, clock, either), broken]);
    return seen;
  } finally {
    ending.abort();
    await Promise.allSettled(tasks);
  }
}

/** Again where the connection ended; a refusal that no time mends ends all. */
async function keepDoing(
  task: () => Promise<void>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await task();
    } catch (error) {
      if (signal.aborted) return;
      if (isForbidden(error)) throw error;
    }
    await sleep(clock, RETRY_MS, signal).catch(() => undefined);
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 403 || error.code === 401);
}

async function followPods(
  { run, network }: ProbeRun,
  { sides }: ProbeSeen,
  pods: ProbePods,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const told = (object: unknown, gone: boolean): void => {
    const facts = podFacts(object, network);
    const side: MutableSide | undefined = sides.find(({ pod }) => pod === facts.name);
    if (side === undefined) return;
    side.facts = facts;
    if (gone || facts.deleted) side.gone = true;
    if (facts.attachment !== undefined) side.attachedAt ??= clock.now();
    if (facts.condition?.status === 'True') side.assignedAt ??= clock.now();
  };
  await pods.follow(run, told, signal);
}

async function followLog(
  side: MutableSide,
  { run }: ProbeRun,
  pods: ProbePods,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  while (!side.facts?.hasLog) await sleep(clock, TICK_MS, signal);
  const told = (line: string): void => {
    const report = readJson(line, probeReport);
    if (!report.ok || report.value.run !== run) return;
    side.report = report.value;
    const { gateway, peer } = report.value;
    if (gateway.answered > 0 || peer.answered > 0) side.answeredAt ??= clock.now();
  };
  try {
    await pods.log(side.pod, told, signal);
  } catch (error) {
    // The run's own end says nothing of the log.
    if (signal.aborted) throw error;
    side.unread = kubernetesFailure(error).detail;
    side.refused = refusalOf(error) !== undefined;
    throw error;
  }
}

async function readWarnings(
  side: MutableSide,
  pods: ProbePods,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  await sleep(clock, EVENTS_MS, signal);
  const { facts } = side;
  if (facts !== undefined && !facts.hasLog) side.warnings = await pods.warnings(facts.uid);
}

async function untilDecided(
  run: ProbeRun,
  seen: ProbeSeen,
  pods: ProbePods,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const until = clock.now() + run.seconds * 1000;
  const given = new Map<string, string>();
  let known = '';
  let changedAt = clock.now();
  while (clock.now() < until) {
    for (const order of ordersOf(run, seen)) {
      const text = JSON.stringify(order.order);
      if (given.get(order.pod) === text) continue;
      given.set(order.pod, text);
      await pods.order(order.pod, order.order);
    }
    const rows = rowsOf(seen);
    const isComplete = seen.sides.every(({ answeredAt }) => answeredAt !== undefined);
    if (isComplete && rows.every(({ result }) => result !== 'failed')) return;
    const state = rows.map(({ check, node, to, result, code }) => [check, node, to, result, code]);
    if (JSON.stringify(state) !== known) changedAt = clock.now();
    known = JSON.stringify(state);
    if (seen.sides.every(isDecided) && clock.now() - changedAt >= QUIET_MS) return;
    await sleep(clock, TICK_MS, signal);
  }
}

/** Whether what is wrong with a pod is what it will stay, as far as anybody has told. */
function isDecided({ facts, gone, report, refused, warnings }: Side): boolean {
  const { condition, hopeless, told, hasLog, attachment, waits = '' } = facts ?? {};
  const isLeftOut = told === true && attachment === undefined;
  // Multus tells before any container starts: such a pod gets no order, and says nothing.
  const hasNothing = attachment?.interface === undefined || attachment.ips.length === 0;
  const isIdle = hasLog === true && hasNothing;
  // A container may take its time to say the first word.
  const isHeard = report !== undefined || refused === true;
  // What it tries once it was answered ends by itself, however slowly it runs.
  const isTrying = (report?.peer.answered ?? 0) > 0 && report?.longest?.done !== true;
  const isTold = condition !== undefined && hasLog === true && isHeard && !isTrying;
  const isNowhere = /nodes are available/.test(waits);
  const isStuck = hopeless !== undefined || warnings.length > 0 || isNowhere;
  return gone === true || isTold || isLeftOut || isIdle || isStuck;
}

/** What each pod is to try by what is known now. */
function ordersOf(
  { run, gateway }: ProbeRun,
  { sides: [a, b] }: ProbeSeen,
): { readonly pod: string; readonly order: ProbeOrder }[] {
  return [
    { side: a, other: b },
    { side: b, other: a },
  ].flatMap(({ side, other }) => {
    const { attachment } = side.facts ?? {};
    const address = attachment?.ips[0];
    if (attachment?.interface === undefined || address === undefined) return [];
    const isAlike = (each: Address) => each.includes(':') === address.includes(':');
    const peer = other.facts?.attachment?.ips.find((each) => isAlike(each) && each !== address);
    const order = {
      run,
      interface: attachment.interface,
      address,
      ...(gateway?.includes(':') === address.includes(':') && { gateway }),
      ...(peer !== undefined && { peer }),
    };
    return [{ pod: side.pod, order }];
  });
}
