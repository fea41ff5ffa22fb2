import { sleep } from '../../../shared/time/clock.ts';
import { type CallFault, CURRENT, onTime, type Point, type Schedule, SLOW_MS } from './calls.ts';
import type { EventFault } from './forwarders.ts';
import type { RunTrouble } from './run.ts';

/** Calls take their usual time, and nothing happens to them. */
const undisturbed: Schedule = { fault: () => undefined, view: () => CURRENT, travel: onTime };

export const nothing: RunTrouble = {
  schedule: undisturbed,
  delivery: () => undefined,
  mendedBy: 'messages',
};

/** Nothing else goes wrong than what is given. */
function scheduled(part: Partial<Schedule>): RunTrouble {
  return { ...nothing, schedule: { ...undisturbed, ...part } };
}

/** One call of the run meets with a fault. */
export function callFault(index: number, fault: CallFault): RunTrouble {
  return {
    ...scheduled({ fault: (point) => (point.index === index ? fault : undefined) }),
    mendedBy: LEFT_TO_SWEEPS.has(fault) ? 'sweep' : 'messages',
  };
}

/**
 * What has its effect after everybody has given it up may undo what was right by then. A refusal is
 * told to whom it concerns, and is no reason for a retry.
 */
const LEFT_TO_SWEEPS: ReadonlySet<CallFault> = new Set(['delay', 'refuse', 'forbid', 'no-kind']);

/** Whatever concerns the ledgers. */
export const LEDGER_CALLS: readonly string[] = [
  'deleteLedger',
  'listLedgers',
  'readLedger',
  'writeLedger',
];
/** For how long the ledgers are in trouble. */
const LEDGERS_IN_TROUBLE_MS = 8_000;

/** From one call on each write of a ledger meets with a conflict, or nobody may use the ledgers, for a while. */
export function ledgersFrom(index: number, fault: CallFault): RunTrouble {
  let until: number | undefined;
  const struck = fault === 'conflict' ? ['writeLedger'] : LEDGER_CALLS;
  return {
    ...scheduled({
      fault(point) {
        const now = point.life.clock.now();
        if (point.index === index) until ??= now + LEDGERS_IN_TROUBLE_MS;
        return struck.includes(point.name) && now < (until ?? 0) ? fault : undefined;
      },
    }),
    mendedBy: 'sweep',
  };
}

/** Every list of objects. */
export const LISTS: readonly string[] = [
  'listIpPools',
  'listNetworkAttachmentDefinitions',
  'listNodes',
  'listPods',
];

/** For how long lists are slow. */
const SLOW_FOR_MS = 20_000;

/** From one call on each list takes seconds. */
export function slowListsFrom(index: number): RunTrouble {
  let until: number | undefined;
  const travel: Schedule['travel'] = (what, clock) => {
    if (what.index === index) until ??= clock.now() + SLOW_FOR_MS;
    const isSlow = clock.now() < (until ?? 0) && LISTS.includes(what.name);
    return isSlow ? sleep(clock, SLOW_MS) : onTime(what, clock);
  };
  return scheduled({ travel });
}

/**
 * From one call on, EC2 fails for the ENI that this call is to change. What is to be done there is told to
 * its pods, and left to the sweep.
 */
export function brokenEniFrom(index: number): RunTrouble {
  let broken: string | undefined;
  const fault: Schedule['fault'] = (point) => {
    if (point.index === index) broken = point.eniId;
    return broken !== undefined && point.eniId === broken ? 'fail' : undefined;
  };
  return { ...scheduled({ fault }), mendedBy: 'sweep' };
}

const READS_SSM = 'GetParameter';

/** SSM answers nobody for so long: no execution environment that begins knows what is stopped. ms */
const NO_SSM_MS = 4_000;

/**
 * From one call on SSM answers nobody, for a while or to the end, and no execution environment serves twice.
 * What is only released may be left to the sweep if it lasts.
 */
export function noSsmFrom(index: number, lasts: 'for a while' | 'to the end'): RunTrouble {
  let until: number | undefined;
  const fault: Schedule['fault'] = (point) => {
    const now = point.life.clock.now();
    if (point.index === index) until = lasts === 'to the end' ? Infinity : now + NO_SSM_MS;
    return point.name === READS_SSM && now < (until ?? 0) ? 'refuse' : undefined;
  };
  const mendedBy = lasts === 'to the end' ? 'sweep' : 'messages';
  return { ...scheduled({ fault }), mendedBy, cold: true };
}

const SENDS = 'SendMessageBatch';

/** The replica that makes one call on SQS cannot make any more from that one on. */
export function cannotSendFrom(index: number, fault: CallFault): RunTrouble {
  let unfit: Point['life'] | undefined;
  return scheduled({
    fault(point) {
      if (point.index === index) unfit = point.life;
      return point.life === unfit && point.name === SENDS ? fault : undefined;
    },
  });
}

/** Others get the messages of one invocation so many ms after it began. */
export function twice(invocation: number, afterMs: number): RunTrouble {
  return { ...nothing, visibleTo: (index) => (index === invocation ? afterMs : undefined) };
}

const BACK_OFF = 'ChangeMessageVisibilityBatch';

/** One call fails, and then the one that has its message wait a while meets with a fault. */
export function backOffFault(index: number, fault: CallFault): RunTrouble {
  let struck = false;
  const alone = callFault(index, 'fail');
  const strikes = (point: Point): boolean => {
    // Before that call it is the renewal with which each execution begins.
    const first = point.name === BACK_OFF && point.index > index && !struck;
    struck ||= first;
    return first;
  };
  return {
    ...alone,
    schedule: {
      ...alone.schedule,
      fault: (point) => (strikes(point) ? fault : alone.schedule.fault(point)),
    },
  };
}

/** One event of the workload does not reach the forwarder as it should. */
export function eventFault(index: number, fault: EventFault): RunTrouble {
  return {
    ...nothing,
    delivery: (event) => (event.index === index ? fault : undefined),
    mendedBy: fault === 'swallowed' ? 'sweep' : 'messages',
  };
}

/** One read is served so many versions behind. */
export function staleRead(index: number, back: number): RunTrouble {
  const view: Schedule['view'] = (point) =>
    point.index === index ? { kind: 'versions', back } : CURRENT;
  return { ...scheduled({ view }), oldReads: true };
}

/** How far EC2 lags behind, and for how long. */
const LAG_MS = 1_500;
const LAGGING_MS = 4_000;

/** From one call on EC2 shows what was so a while ago. */
export function lagFrom(index: number): RunTrouble {
  let until: number | undefined;
  const view: Schedule['view'] = ({ index: at, service }, clock) => {
    if (at === index) until = clock.now() + LAGGING_MS;
    const lags = until !== undefined && clock.now() < until && service === 'ec2';
    return lags ? { kind: 'time', ms: LAG_MS } : CURRENT;
  };
  return { ...scheduled({ view }), oldReads: true };
}
