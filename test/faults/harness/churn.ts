import fc from 'fast-check';
import { createPod, type VirtualPod } from '../world/pods.ts';
import type { NetworkName } from '../world/world.ts';
import { CALL_FAULTS, CURRENT, type Point } from './calls.ts';
import { EVENT_FAULTS } from './forwarders.ts';
import { type Drive, type Outcome, run, settled, type Trouble } from './run.ts';
import type { Player, Workload } from './workload.ts';

/*
 * Pod churn, and everything that can go wrong, in an order that fast-check's scheduler chooses: it
 * lets one thing happen after the other of all that could happen next.
 */

const NODES = ['a', 'b', 'c'] as const;
/** A pod each; some of one name, in two namespaces. */
const SLOTS = [
  { namespace: 'default', name: 'p-0' },
  { namespace: 'default', name: 'p-1' },
  { namespace: 'default', name: 'p-2' },
  { namespace: 'other', name: 'p-0' },
  { namespace: 'other', name: 'p-1' },
] as const;
type Slot = (typeof SLOTS)[number];
/** Few, so that they meet; the last is in no range. */
const ADDRESSES: readonly { readonly network: NetworkName; readonly ip: string }[] = [
  { network: 'net-1', ip: '172.16.1.70' },
  { network: 'net-1', ip: '172.16.1.71' },
  { network: 'net-1', ip: '172.16.1.72' },
  { network: 'net-2', ip: '172.16.3.70' },
  { network: 'net-6', ip: '2600:1f18:1111:1::70' },
  { network: 'loose', ip: '172.16.1.240' },
];

const slot = fc.constantFrom(...SLOTS);
const attached = fc.constantFrom(...ADDRESSES);
const floating = fc.constantFrom(...ADDRESSES.slice(0, -1));

const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('start' as const),
      slot,
      node: fc.constantFrom(...NODES),
      attached,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('attach' as const), slot, attached }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('terminate' as const), slot }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('remove' as const), slot }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('float' as const), slot, attached: floating }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('detach' as const), slot }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('finish' as const), slot }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('node-goes' as const),
      node: fc.constantFrom(...NODES),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('malformed' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('watches-break' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(3_000) }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

const SHORTEST_CHURN = 8;
const LONGEST_CHURN = 30;
const MOST_FAULTS = 4;
/** About as many calls, reads of ENIs and events as such a churn comes to. */
const CALLS = 70;
const DESCRIBES = 10;
const EVENTS = 15;

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
});
type Churn = typeof churn extends fc.Arbitrary<infer T> ? T : never;

/** Timers that are due within this go off at any time relative to calls; others wait for all calls, ms. */
const SOON_MS = 1_500;

export type Ran = (outcome: Outcome) => void;

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

function workloadOf({ operations }: Churn, scheduler: fc.Scheduler): Workload {
  return {
    name: 'churn',
    // Three secondary addresses fit on an ENI.
    workers: NODES.map((name) => ({ name, instanceType: 't3.small' })),
    networks: ['net-1', 'net-2', 'net-6', 'loose'],
    async play(player) {
      const pods = new Map<Slot, VirtualPod>();
      const gone = new Set<string>();
      for (const each of operations) {
        await scheduler.schedule(Promise.resolve(), each.kind);
        if (each.kind === 'wait') await player.wait(each.ms);
        else operate(player, pods, gone, each);
      }
      for (const node of gone) player.cluster.addNode(player.cluster.worker(node));
    },
  };
}

function operate(
  player: Player,
  pods: Map<Slot, VirtualPod>,
  gone: Set<string>,
  each: Exclude<Operation, { kind: 'wait' }>,
): void {
  switch (each.kind) {
    case 'start':
      pods.get(each.slot)?.remove();
      pods.set(each.slot, createPod(player.cluster, each.slot.name, { ...each, ...each.slot }));
      pods.get(each.slot)?.attach(each.attached);
      return;
    case 'attach':
      pods.get(each.slot)?.attach(each.attached);
      return;
    case 'detach':
      pods.get(each.slot)?.attach();
      return;
    case 'float': {
      const since = new Date(player.world.clock.now()).toISOString();
      pods.get(each.slot)?.float([{ ip: each.attached.ip, since }]);
      return;
    }
    case 'terminate':
      pods.get(each.slot)?.terminate();
      return;
    case 'finish':
      pods.get(each.slot)?.finish();
      return;
    case 'remove':
      pods.get(each.slot)?.remove();
      return;
    case 'node-goes':
      if (gone.has(each.node)) return;
      gone.add(each.node);
      player.cluster.api.objects.delete('nodes', { name: each.node });
      return;
    case 'sweep':
      player.sweep();
      return;
    case 'watches-break':
      player.breakWatches();
      return;
    case 'malformed':
      player.sendMalformed('a');
  }
}

function troubleOf(chosen: Churn, scheduler: fc.Scheduler): Trouble {
  const callFaults = new Map(chosen.callFaults);
  const eventFaults = new Map(chosen.eventFaults);
  const stale = new Map(chosen.stale);
  let describes = 0;
  return {
    mendedBy: 'sweep',
    schedule: {
      fault: ({ index }) => callFaults.get(index),
      view({ name }) {
        if (name !== 'DescribeNetworkInterfaces') return CURRENT;
        const back = stale.get(describes);
        describes += 1;
        return back === undefined ? CURRENT : { kind: 'versions', back };
      },
      travel: ({ name }: Point) => scheduler.schedule(Promise.resolve(), name),
    },
    delivery: ({ index = -1 }) => eventFaults.get(index),
  };
}

/** More steps than any churn takes to come to rest. */
const MOST_STEPS = 20_000;

/** What happens next is the scheduler's choice; that time goes on is among it. */
function chosenBy(scheduler: fc.Scheduler): Drive {
  return async (stage) => {
    const { clock } = stage.world;
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
