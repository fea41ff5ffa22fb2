import { CALL_FAULTS, type CallFault, LEDGER_FAULTS, type Point } from './harness/calls.ts';
import { EVENT_FAULTS } from './harness/forwarders.ts';
import { addRaces, type Race } from './harness/races.ts';
import { type RunOutcome, type RunTrouble, run } from './harness/run.ts';
import {
  backOffFault,
  brokenEniFrom,
  callFault,
  cannotSendFrom,
  eventFault,
  LEDGER_CALLS,
  LISTS,
  lagFrom,
  ledgersFrom,
  noSsmFrom,
  nothing,
  slowListsFrom,
  staleRead,
  twice,
} from './harness/schedules.ts';
import type { MakeWorkload } from './workloads/index.ts';

/** One kind of trouble, at every point where it can strike. */
export interface Kind {
  readonly name: string;
  /** Where it can strike in a run that went without trouble. */
  points(calm: RunOutcome): readonly number[];
  trouble(point: number): RunTrouble;
}

function callsThat(matches: (point: Point) => boolean): Kind['points'] {
  return ({ points }) => points.flatMap((point, index) => (matches(point) ? [index] : []));
}

const everyCall = callsThat(() => true);

export function everyCallNamed(...names: readonly string[]): Kind['points'] {
  return callsThat(({ name }) => names.includes(name));
}

/** Counted from 0. */
function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** What EC2 shows of its network interfaces may be old: of all else we ask for the newest. */
const everyDescribe = everyCallNamed('DescribeNetworkInterfaces');

const onEveryCall = (fault: CallFault): Kind => ({
  name: fault,
  points: everyCall,
  trouble: (point) => callFault(point, fault),
});

const CRASHES: readonly Kind[] = (['crash-before', 'crash-after'] as const).map(onEveryCall);
const ANSWERS: readonly Kind[] = (['lose-answer', 'hang', 'hang-after', 'delay'] as const).map(
  onEveryCall,
);
const REFUSALS: readonly Kind[] = (['throttle', 'fail', 'refuse'] as const).map(onEveryCall);

const SLOW_LISTS: readonly Kind[] = [
  {
    name: 'slow',
    points: everyCallNamed(...LISTS),
    trouble: (point) => callFault(point, 'slow'),
  },
  { name: 'slow lists', points: everyCallNamed(...LISTS), trouble: slowListsFrom },
];

/** Before the renewal of the first execution has reached SQS, and as it is under way. */
const VISIBLE_AFTER_MS = [0, 5];

/** Two executions of one message at once. */
const TWICE: readonly Kind[] = VISIBLE_AFTER_MS.map((afterMs) => ({
  name: `twice, ${afterMs} ms`,
  points: ({ invocations }) => upTo(invocations),
  trouble: (point) => twice(point, afterMs),
}));

/** One of the forwarder's two replicas cannot reach SQS. */
const SILENT: readonly Kind[] = (['fail', 'hang'] as const).map((fault) => ({
  name: `cannot send, ${fault}`,
  points: callsThat(({ program, name }) => program === 'forwarder' && name === 'SendMessageBatch'),
  trouble: (point) => cannotSendFrom(point, fault),
}));

/** EC2 keeps failing for one ENI. A message that is retried for it until it is dead-lettered counts as lost. */
const BROKEN_ENI: Kind = {
  name: 'an ENI in error',
  points: callsThat(({ eniId }) => eniId !== undefined),
  trouble: brokenEniFrom,
};

/** What is stopped is read from SSM: somebody writes what nobody can read, or nobody can read it at all. */
const SSM: readonly Kind[] = [
  {
    name: 'garble',
    points: everyCallNamed('GetParameter'),
    trouble: (point) => callFault(point, 'garble'),
  },
  ...(['for a while', 'to the end'] as const).map((lasts) => ({
    name: `no SSM ${lasts}, cold`,
    points: everyCallNamed('GetParameter'),
    trouble: (point: number) => noSsmFrom(point, lasts),
  })),
];

/** Called only if a reconcile has failed, so two things have to go wrong. */
const BACK_OFFS: readonly Kind[] = CALL_FAULTS.map((fault) => ({
  name: `back-off, ${fault}`,
  points: callsThat(({ program }) => program === 'reconcile'),
  trouble: (point) => backOffFault(point, fault),
}));

/** One call on a ledger, or all for a while. */
const LEDGERS: readonly Kind[] = LEDGER_FAULTS.flatMap((fault) => {
  const points = everyCallNamed(...(fault === 'conflict' ? ['writeLedger'] : LEDGER_CALLS));
  return [
    { name: fault, points, trouble: (point: number) => callFault(point, fault) },
    { name: `${fault} for a while`, points, trouble: (point: number) => ledgersFrom(point, fault) },
  ];
});

const VERSIONS_BACK = [1, 2, 3];

const STALE_VIEWS: readonly Kind[] = [
  ...VERSIONS_BACK.map((back) => ({
    name: `${back} back`,
    points: everyDescribe,
    trouble: (point: number) => staleRead(point, back),
  })),
  { name: 'lagging', points: everyDescribe, trouble: lagFrom },
  {
    name: 'lagging, cold',
    points: everyDescribe,
    trouble: (point) => ({ ...lagFrom(point), cold: true }),
  },
  // Our client asks for the newest Node; an old one has to be harmless all the same.
  ...[2, 10].map((back) => ({
    name: `Node ${back} back`,
    points: everyCallNamed('getNode', 'listNodes'),
    trouble: (point: number): RunTrouble => ({ ...staleRead(point, back), mendedBy: 'sweep' }),
  })),
];

const UNOBSERVED: readonly Kind[] = EVENT_FAULTS.map((fault) => ({
  name: fault,
  points: ({ events }) => upTo(events),
  trouble: (point) => eventFault(point, fault),
}));

/** They differ from another kind in nothing but how long it takes, or what an error is called. */
const TWINS: ReadonlySet<string> = new Set<CallFault>(['hang-after', 'throttle', 'slow']);
/** Where they are tried all the same: these have the most kinds of calls. */
const VARIED: ReadonlySet<string> = new Set(['guide', 'node dies', 'placement changes']);

/** What a few workloads are enough for is left to those. */
export function kindsFor(workload: string): readonly Kind[] {
  if (workload === 'guide') return [...KINDS, ...BACK_OFFS];
  return VARIED.has(workload) ? KINDS : KINDS.filter(({ name }) => !TWINS.has(name));
}

const KINDS: readonly Kind[] = [
  ...CRASHES,
  ...ANSWERS,
  ...REFUSALS,
  BROKEN_ENI,
  ...SSM,
  ...LEDGERS,
  ...SLOW_LISTS,
  ...STALE_VIEWS,
  ...UNOBSERVED,
  ...TWICE,
  ...SILENT,
];

/** A workload under one kind of trouble. */
export interface Cell {
  readonly workload: string;
  readonly kind: string;
  readonly points: number;
  /** Runs in which something was left for the sweep to mend. */
  readonly left: number;
  readonly races: ReadonlyMap<Race, number>;
  readonly failures: readonly Failure[];
}

/** A run in which something did not hold, and how to see it again. */
export interface Failure {
  readonly replay: string;
  readonly violations: readonly string[];
}

/** What replay.ts is told where nothing goes wrong, and the workload's own sweeps are left out. */
export const WITHOUT_SWEEPS = 'without sweeps';

function expectNone(replay: string, violations: readonly string[]): void {
  if (violations.length === 0) return;
  const what = violations.join('\n');
  throw new Error(`undisturbed, ${what}\nreplay: node test/faults/replay.ts '${replay}'`);
}

/** Runs the workload undisturbed, also without any sweep. @throws if that alone goes wrong. */
export async function calmRun(make: MakeWorkload): Promise<RunOutcome> {
  const alone = await run(make(), nothing, { strictly: true });
  const calm = await run(make(), nothing);
  const { name } = make();
  expectNone(`${name}/${WITHOUT_SWEEPS}`, alone.violations);
  expectNone(name, calm.violations);
  return calm;
}

/** Runs the workload once for each point. */
export async function strike(
  make: MakeWorkload,
  calm: RunOutcome,
  kind: Kind,
  options: {
    /** No further points after one that failed. */
    readonly firstOnly?: boolean;
    /** Default: every point. */
    readonly sample?: Sample;
  } = {},
): Promise<Cell> {
  const { name } = make();
  const races = new Map<Race, number>();
  const failures: Failure[] = [];
  let left = 0;
  const points = sampleOf(kind.points(calm), options.sample);
  for (const point of points) {
    const outcome = await run(make(), kind.trouble(point));
    addRaces(races, outcome.races);
    if (outcome.left > 0) left += 1;
    if (outcome.violations.length === 0) continue;
    failures.push({ replay: `${name}/${kind.name}/${point}`, violations: outcome.violations });
    if (options.firstOnly) break;
  }
  return { workload: name, kind: kind.name, points: points.length, left, races, failures };
}

/** One point in so many; which one of them, is told by a number. */
interface Sample {
  readonly oneIn: number;
  readonly from: number;
}

function sampleOf(points: readonly number[], sample: Sample = { oneIn: 1, from: 0 }): number[] {
  const first = sample.from % Math.min(sample.oneIn, points.length);
  return points.filter((_, index) => index % sample.oneIn === first);
}
