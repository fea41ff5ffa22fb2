import fc from 'fast-check';
import { tagEth1 } from '../world/others.ts';
import { CALL_FAULTS, CURRENT } from './calls.ts';
import { EVENT_FAULTS } from './forwarders.ts';
import { NODES, operate, operation, type PlayedOperation } from './operations.ts';
import { type Drive, type RunOutcome, type RunTrouble, run, settled } from './run.ts';
import { cannotSendFrom } from './schedules.ts';
import type { Workload } from './workload.ts';

/*
 * Pod churn, and everything that can go wrong, in an order that fast-check's scheduler chooses: it
 * lets one thing happen after the other of all that could happen next.
 */

const SHORTEST_CHURN = 8;
const LONGEST_CHURN = 30;
const MOST_FAULTS = 4;
/** About as many calls, reads of ENIs and events as such a churn comes to. */
const CALLS = 70;
const DESCRIBES = 10;
const EVENTS = 15;
const INVOCATIONS = 25;

/** What fast-check chooses for one run. */
const churn = fc.record({
  operations: fc.array(operation, {
    minLength: SHORTEST_CHURN,
    maxLength: LONGEST_CHURN,
    size: 'max',
  }),
  callFaults: fc.array(fc.tuple(fc.nat(CALLS), fc.constantFrom(...CALL_FAULTS)), {
    maxLength: MOST_FAULTS,
    size: 'max',
  }),
  eventFaults: fc.array(fc.tuple(fc.nat(EVENTS), fc.constantFrom(...EVENT_FAULTS)), {
    maxLength: MOST_FAULTS,
    size: 'max',
  }),
  stale: fc.array(fc.tuple(fc.nat(DESCRIBES), fc.integer({ min: 1, max: 3 })), {
    maxLength: MOST_FAULTS,
    size: 'max',
  }),
  /** Invocations whose messages others get so many ms later. */
  twice: fc.array(fc.tuple(fc.nat(INVOCATIONS), fc.constantFrom(0, 5, 40)), {
    maxLength: MOST_FAULTS,
    size: 'max',
  }),
  /** A replica of the forwarder that cannot reach SQS from one of its calls on. */
  silent: fc.option(fc.tuple(fc.nat(CALLS), fc.constantFrom('fail' as const, 'hang' as const))),
});
type Churn = typeof churn extends fc.Arbitrary<infer T> ? T : never;

/** Timers that are due within this go off at any time relative to calls; others wait for all calls. */
const SOON_MS = 1_500;

export type Ran = (outcome: RunOutcome) => void;

/** A run in which something does not hold throws; the property's failure names seed and path. */
export function churnProperty(ran: Ran, trace?: (line: string) => void) {
  return fc.asyncProperty(churn, fc.scheduler(), async (chosen, scheduler) => {
    const outcome = await run(workloadOf(chosen, scheduler), troubleOf(chosen, scheduler), {
      drive: chosenBy(scheduler),
      ...(trace === undefined ? {} : { trace }),
    });
    ran(outcome);
    const [violation] = outcome.violations;
    if (violation !== undefined) throw new Error(outcome.violations.join('\n'));
  });
}

const TYPE = 't3.small';

function workloadOf({ operations }: Churn, scheduler: fc.Scheduler): Workload {
  return {
    name: 'churn',
    // Three secondary addresses fit on an ENI.
    workers: NODES.map((name) => ({ name, instanceType: TYPE })),
    networks: ['net-1', 'net-2', 'net-6', 'loose'],
    unannounced: true,
    async prepare({ world }) {
      // One more fits than on a real one.
      world.ec2.registerInstanceType({ name: TYPE, interfaces: 4, ipv4: 4, ipv6: 4 });
    },
    async play(player) {
      const played: PlayedOperation = { pods: new Map(), gone: new Set() };
      for (const each of operations) {
        await scheduler.schedule(Promise.resolve(), each.kind);
        if (each.kind === 'wait') await player.wait(each.ms);
        else operate(player, played, each);
      }
      const { cluster, world } = player;
      for (const node of played.gone) cluster.addNode(cluster.worker(node));
      for (const node of NODES) tagEth1(world, cluster, node, true);
      cluster.editNetwork('net-1');
    },
  };
}

function troubleOf(chosen: Churn, scheduler: fc.Scheduler): RunTrouble {
  const callFaults = new Map(chosen.callFaults);
  const eventFaults = new Map(chosen.eventFaults);
  const stale = new Map(chosen.stale);
  const visible = new Map(chosen.twice);
  const [silentFrom, fault = 'fail'] = chosen.silent ?? [];
  const silent = silentFrom === undefined ? undefined : cannotSendFrom(silentFrom, fault);
  let describes = 0;
  return {
    mendedBy: 'sweep',
    schedule: {
      fault: (point) => callFaults.get(point.index) ?? silent?.schedule.fault(point),
      view({ name }) {
        if (name !== 'DescribeNetworkInterfaces') return CURRENT;
        const back = stale.get(describes);
        describes += 1;
        return back === undefined ? CURRENT : { kind: 'versions', back };
      },
      travel: ({ name }) => scheduler.schedule(Promise.resolve(), name),
    },
    delivery: ({ index = -1 }) => eventFaults.get(index),
    visibleTo: (invocation) => visible.get(invocation),
  };
}

/** More steps than any churn takes to come to rest. */
const MOST_STEPS = 20_000;

/** What happens next is the scheduler's choice; that time goes on is among it. */
function chosenBy(scheduler: fc.Scheduler): Drive {
  return async (bed) => {
    const { clock } = bed.world;
    const tick = (): void => clock.advance(Math.max(0, (clock.nextTimer() ?? 0) - clock.now()));
    let ticking = false;
    for (let step = 0; step < MOST_STEPS; step += 1) {
      await settled();
      const next = clock.nextTimer();
      if (next === undefined && scheduler.count() === 0) return true;
      if (scheduler.count() === 0) {
        tick();
        continue;
      }
      if (next !== undefined && next - clock.now() <= SOON_MS && !ticking) {
        ticking = true;
        void scheduler.schedule(Promise.resolve(), 'time goes on').then(() => {
          ticking = false;
          tick();
        });
      }
      await scheduler.waitNext(1);
    }
    return false;
  };
}
