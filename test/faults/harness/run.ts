import { setImmediate } from 'node:timers/promises';
import { type Bed, startBed } from './bed.ts';
import { CURRENT, onTime, type Point, type Schedule, type Travelling } from './calls.ts';
import { claimsAt, placed } from './claims.ts';
import { driftOf } from './drift.ts';
import type { Delivery } from './forwarders.ts';
import type { VisibleTo } from './lambda.ts';
import { entriesAtRest, isChanged, wrongEntries } from './ledgers.ts';
import { isManaged, nodeOf } from './places.ts';
import type { Race } from './races.ts';
import { wrongRooms } from './room.ts';
import type { Workload } from './workload.ts';
import { playerOf } from './workload.ts';

/** What goes wrong in a run. */
export interface RunTrouble {
  readonly schedule: Schedule;
  readonly delivery: Delivery;
  /** Default: nobody else gets the messages of an invocation. */
  readonly visibleTo?: VisibleTo;
  /** What it takes to be right again: nothing but what was sent already, or a sweep as well. */
  readonly mendedBy: 'messages' | 'sweep';
  /**
   * A read may not show what is there. What nobody claims then waits for whoever sees it, the sweep at the
   * latest (docs/design.md, rule L8).
   */
  readonly oldReads?: true;
  /** Each invocation gets an execution environment of its own, which remembers nothing. */
  readonly cold?: boolean;
}

export interface RunOutcome {
  readonly points: readonly Point[];
  /** How many watch events the workload caused. */
  readonly events: number;
  readonly invocations: number;
  readonly violations: readonly string[];
  readonly races: ReadonlyMap<Race, number>;
  /** How much was still to be mended by a sweep when all messages were done. */
  readonly left: number;
}

/** Lets one thing happen after the other until nothing is left to happen. @returns false: it does not end. */
export type Drive = (bed: Bed) => Promise<boolean>;

/** After this even a view of EC2 that lags shows the workers. */
const SETTLED_MS = 60_000;
/**
 * After this a read counts for more than what a ledger says (docs/design.md, rule L17), even if it lags, and a
 * ledger that could not be written is tried again, ms.
 */
export const LEDGERS_SETTLED_MS = 61_000;
/** More virtual time and more steps than any workload takes to come to rest. */
const LONGEST_MS = 4 * 3_600_000;
const MOST_STEPS = 50_000;

/** In the order of time, for as long as it takes. */
export const toTheEnd: Drive = inOrderOfTime(Infinity);

const inOrder: Drive = inOrderOfTime(MOST_STEPS);

function inOrderOfTime(mostSteps: number): Drive {
  return async ({ world: { clock } }) => {
    const begun = clock.now();
    for (let step = 0; step < mostSteps; step += 1) {
      await settled();
      const next = clock.nextTimer();
      if (next === undefined) return true;
      if (next > begun + LONGEST_MS) return false;
      clock.advance(Math.max(0, next - clock.now()));
    }
    return false;
  };
}

/** A program may put off a step to the end of the moment, and the next one again, so often at most. */
const PUT_OFF = 4;

/** Resolves once nothing more happens by itself: every promise that could go on has gone on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn <= PUT_OFF; turn += 1) await setImmediate();
}

/**
 * Plays a workload, has it come to rest, ends the trouble, sweeps, and holds what there is then
 * against what the live pods claim.
 */
export async function run(
  workload: Workload,
  trouble: RunTrouble,
  options: {
    readonly drive?: Drive;
    readonly trace?: (line: string) => void;
    /** Messages alone have to make everything right: the workload's own sweeps are left out. */
    readonly strictly?: boolean;
  } = {},
): Promise<RunOutcome> {
  const { drive = inOrder, trace, strictly = false } = options;
  const trial = window(trouble);
  const bed = startBed({
    clusters: workload.clusters ?? ['demo'],
    networks: workload.networks ?? ['net-1'],
    room: workload.room ?? false,
    policy: workload.policy ?? 'sync',
    cold: trouble.cold ?? false,
    schedule: trial.schedule,
    delivery: trial.delivery,
    visibleTo: trial.visibleTo,
    ...(trace === undefined ? {} : { trace }),
  });
  const { world, claims, invariants, log } = bed;
  const rest: Rest = async (order, when) => {
    if (!(await order(bed))) invariants.violate(`it does not come to rest ${when}`);
  };

  for (const spec of workload.workers) {
    const [first = ''] = world.clusters.keys();
    world.clusters.get(spec.cluster ?? first)?.addWorker(spec);
  }
  const player = strictly ? { ...playerOf(bed), sweep() {} } : playerOf(bed);
  void player.wait(SETTLED_MS);
  await rest(inOrder, 'before anything happens');
  const prepared = workload.prepare?.(player);
  await rest(inOrder, 'before the workload');
  await prepared;
  trial.begin();
  log?.('the trouble begins: from here on calls and events are counted');
  const played = workload.play(player);
  await rest(drive, 'after the workload');
  await played;
  const byMessages = trouble.mendedBy === 'messages' && !workload.unannounced;
  const left = driftOf(world, claims, invariants.ours);
  for (const { text, isLeft = false } of left) {
    log?.(`left for the sweep: ${text}`);
    const mayWait = isLeft && trouble.oldReads === true;
    if (strictly || (byMessages && !mayWait)) {
      invariants.violate(`before any sweep: ${text}`);
    }
  }

  trial.end();
  log?.('the trouble ends');
  void player.wait(LEDGERS_SETTLED_MS);
  await rest(inOrder, 'until the ledgers have settled');
  const swept = await sweep(bed, rest);
  const drift = driftOf(world, claims, invariants.ours);
  for (const { text } of drift) invariants.violate(`after the sweep: ${text}`);
  for (const text of ledgerDrift(bed)) invariants.violate(`after the sweep: ${text}`);
  for (const text of wrongRooms(world, claims)) invariants.violate(`after the sweep: ${text}`);
  for (const body of world.queues.lost()) invariants.violate(`a message is lost: ${body}`);
  if (swept > 0) await expectTold(bed, rest);
  if (swept > 0 || strictly) await expectCalm(bed, rest);
  return {
    points: trial.within(bed.points),
    events: trial.events(),
    invocations: trial.invocations(),
    violations: invariants.violations,
    races: invariants.races,
    left: left.length,
  };
}

/** What ledgers say at rest: those of Nodes' managed ENIs. */
function ledgerDrift({ world, claims }: Bed): string[] {
  return wrongEntries(world, (eni, address) => {
    if (!isManaged(eni) || nodeOf(world, eni.attachment?.instanceId) === undefined) return 'others';
    const all = claims.live(address).map((known) => placed(world, known));
    const { local } = claimsAt(world, eni, all);
    const [first, ...others] = local;
    if (first === undefined) return 'none';
    const isThere = first.eni?.id === eni.id && !first.pod.terminating;
    return others.length === 0 && isThere ? 'one' : 'others';
  });
}

type Rest = (order: Drive, when: string) => Promise<void>;

/** @returns how many messages the sweep sent. */
async function sweep(bed: Bed, rest: Rest): Promise<number> {
  const before = bed.world.queues.taken();
  bed.sweep();
  await rest(inOrder, 'after the sweep');
  return bed.world.queues.taken() - before;
}

const EC2_WRITES = /^(Assign|Unassign)/;

/**
 * What a sweep had moved, a second one may have to tell of: a pod that waits for an address is
 * told who has it. The ENIs are as they should be.
 */
async function expectTold(bed: Bed, rest: Rest): Promise<void> {
  const { invariants, points } = bed;
  const before = points.length;
  await sweep(bed, rest);
  for (const { name } of points.slice(before)) {
    if (EC2_WRITES.test(name)) invariants.violate(`${name} was called after the second sweep`);
  }
}

/** A ledger may be signed for a pod that waits; what it says may not change. */
const WRITES = /^(Assign|Unassign|patch|set|writeEvent)/;

/**
 * (e): a sweep finds nothing, and nobody who looks changes anything. A first sweep that found
 * nothing has shown it already, since it weighs all that a reconcile would do.
 */
async function expectCalm(bed: Bed, rest: Rest): Promise<void> {
  const { world, invariants } = bed;
  const found = await sweep(bed, rest);
  if (found > 0) invariants.violate(`once all was right, a sweep sent ${found} messages`);
  const [addresses, entries] = [addressesOf(bed), entriesAtRest(bed.world)];
  for (const name of await lookAtAll(bed, rest)) {
    invariants.violate(`${name} was called although all was right`);
  }
  const isMoved = addressesOf(bed) !== addresses;
  if (isMoved || isChanged(entries, entriesAtRest(bed.world))) {
    invariants.violate('addresses move, or ledgers change, although all was right');
  }
  if (world.queues.size() > 0) invariants.violate('messages are left in the queue');
}

/** @returns what was written. */
async function lookAtAll(bed: Bed, rest: Rest): Promise<string[]> {
  const before = bed.points.length;
  bed.resync();
  await rest(inOrder, 'after all nodes were looked at');
  return bed.points
    .slice(before)
    .map(({ name }) => name)
    .filter((name) => WRITES.test(name));
}

function addressesOf({ world }: Bed): string {
  const enis = [...world.ec2.snapshot().enis.values()];
  return JSON.stringify(enis.map(({ id, secondary, ipv6 }) => [id, secondary, ipv6]));
}

/** Trouble that begins and ends when it is told to. */
function window({ schedule, delivery, visibleTo }: RunTrouble) {
  let open = false;
  let from = 0;
  let to = 0;
  let calls = 0;
  let events = 0;
  let invocations = 0;
  const shifted = <T extends Travelling>(what: T): T => ({ ...what, index: what.index - from });
  const gated: Schedule = {
    fault(point) {
      calls = point.index + 1;
      return open ? schedule.fault(shifted(point)) : undefined;
    },
    view: (point, clock) => (open ? schedule.view(shifted(point), clock) : CURRENT),
    travel: (what, clock) => (open ? schedule.travel(shifted(what), clock) : onTime(what, clock)),
  };
  const heard: Delivery = (event) => {
    if (!open || event.index === undefined) return undefined;
    events += 1;
    return delivery({ ...event, index: events - 1 });
  };
  const handedOut: VisibleTo = () => {
    if (!open) return undefined;
    invocations += 1;
    return visibleTo?.(invocations - 1);
  };
  return {
    schedule: gated,
    delivery: heard,
    visibleTo: handedOut,
    begin() {
      open = true;
      from = calls;
    },
    end() {
      open = false;
      to = calls;
    },
    /** Of all calls, those during the trouble. */
    within: (points: readonly Point[]) => points.slice(from, to),
    events: () => events,
    invocations: () => invocations,
  };
}
