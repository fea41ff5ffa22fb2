import { CURRENT, onTime, type Point, type Schedule } from './calls.ts';
import { driftOf } from './drift.ts';
import type { Delivery } from './forwarders.ts';
import type { Race } from './invariants.ts';
import { type Stage, startStage } from './stage.ts';
import type { Workload } from './workload.ts';
import { playerOf } from './workload.ts';

/** What goes wrong in a run. */
export interface Trouble {
  readonly schedule: Schedule;
  readonly delivery: Delivery;
  /** What it takes to be right again: nothing but what was sent already, or a sweep as well. */
  readonly mendedBy: 'messages' | 'sweep';
  /** Each invocation gets an execution environment of its own, which remembers nothing. */
  readonly cold?: boolean;
}

export interface Outcome {
  readonly points: readonly Point[];
  /** How many watch events the workload caused. */
  readonly events: number;
  readonly violations: readonly string[];
  readonly races: ReadonlyMap<Race, number>;
  /** How much was still to be mended by a sweep when all messages were done. */
  readonly left: number;
}

/** Lets one thing happen after the other until nothing is left to happen. @returns false: it does not end. */
export type Drive = (stage: Stage) => Promise<boolean>;

/** After this even a view of EC2 that lags shows the workers, ms. */
const SETTLED_MS = 60_000;
/** More virtual time or more steps than any workload takes to come to rest. */
const LONGEST_MS = 4 * 3_600_000;

/** In the order of time. */
export const inOrder: Drive = async ({ world: { clock } }) => {
  const begun = clock.now();
  for (;;) {
    await settled();
    const next = clock.nextTimer();
    if (next === undefined) return true;
    if (next > begun + LONGEST_MS) return false;
    clock.advance(Math.max(0, next - clock.now()));
  }
};

/** Resolves once nothing more happens by itself: every promise that could go on has gone on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Plays a workload, has it come to rest, ends the trouble, sweeps, and holds what there is then
 * against what the live pods claim.
 */
export async function run(
  workload: Workload,
  trouble: Trouble,
  options: {
    readonly drive?: Drive;
    readonly trace?: (line: string) => void;
    /** Messages alone have to make everything right: the workload's own sweeps are left out. */
    readonly strictly?: boolean;
  } = {},
): Promise<Outcome> {
  const { drive = inOrder, trace, strictly = false } = options;
  const trial = window(trouble);
  const stage = startStage({
    clusters: workload.clusters ?? ['demo'],
    networks: workload.networks ?? ['net-1'],
    cold: trouble.cold ?? false,
    schedule: trial.schedule,
    delivery: trial.delivery,
    ...(trace === undefined ? {} : { trace }),
  });
  const { world, claims, invariants, log } = stage;
  const rest: Rest = async (order, when) => {
    if (!(await order(stage))) invariants.violate(`it does not come to rest ${when}`);
  };

  for (const spec of workload.workers) {
    const [first = ''] = world.clusters.keys();
    world.clusters.get(spec.cluster ?? first)?.addWorker(spec);
  }
  const player = strictly ? { ...playerOf(stage), sweep() {} } : playerOf(stage);
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
  const left = driftOf(world, claims, { eachAddress: strictly });
  for (const { text, inRanges } of left) {
    log?.(`left for the sweep: ${text}`);
    if (strictly || (trouble.mendedBy === 'messages' && inRanges)) {
      invariants.violate(`before any sweep: ${text}`);
    }
  }

  trial.end();
  log?.('the trouble ends');
  const swept = await sweep(stage, rest);
  for (const { text } of driftOf(world, claims)) invariants.violate(`after the sweep: ${text}`);
  for (const body of world.queues.lost()) invariants.violate(`a message is lost: ${body}`);
  if (swept > 0 || strictly) await expectCalm(stage, rest);
  return {
    points: trial.within(stage.points),
    events: trial.events(),
    violations: invariants.violations,
    races: invariants.races,
    left: left.length,
  };
}

type Rest = (order: Drive, when: string) => Promise<void>;

/** @returns how many messages the sweep sent. */
async function sweep(stage: Stage, rest: Rest): Promise<number> {
  const before = stage.world.queues.taken();
  stage.sweep();
  await rest(inOrder, 'after the sweep');
  return stage.world.queues.taken() - before;
}

const WRITES = /^(Assign|Unassign|set|write)/;

/**
 * (e): a sweep finds nothing, and nobody who looks changes anything. A first sweep that found
 * nothing has shown it already, since it weighs all that a reconcile would do.
 */
async function expectCalm(stage: Stage, rest: Rest): Promise<void> {
  const { world, invariants, points } = stage;
  const found = await sweep(stage, rest);
  if (found > 0) invariants.violate(`the second sweep sent ${found} messages`);
  const before = points.length;
  stage.resync();
  await rest(inOrder, 'after all nodes were looked at');
  for (const { name } of points.slice(before)) {
    if (WRITES.test(name)) invariants.violate(`${name} was called although all was right`);
  }
  if (world.queues.size() > 0) invariants.violate('messages are left in the queue');
}

/** Trouble that begins and ends when it is told to. */
function window({ schedule, delivery }: Trouble) {
  let open = false;
  let from = 0;
  let to = 0;
  let calls = 0;
  let events = 0;
  const shifted = (point: Point): Point => ({ ...point, index: point.index - from });
  const gated: Schedule = {
    fault(point) {
      calls = point.index + 1;
      return open ? schedule.fault(shifted(point)) : undefined;
    },
    view: (point, clock) => (open ? schedule.view(shifted(point), clock) : CURRENT),
    travel: (point, clock) => (open ? schedule.travel : onTime)(point, clock),
  };
  const heard: Delivery = (event) => {
    if (!open || event.index === undefined) return undefined;
    events += 1;
    return delivery({ ...event, index: events - 1 });
  };
  return {
    schedule: gated,
    delivery: heard,
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
  };
}
