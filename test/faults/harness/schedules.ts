import { type CallFault, CURRENT, onTime, type Point, type Schedule } from './calls.ts';
import type { Delivery, EventFault } from './forwarders.ts';
import type { Trouble } from './run.ts';

/** Calls take their usual time, and nothing happens to them. */
const undisturbed: Schedule = { fault: () => undefined, view: () => CURRENT, travel: onTime };
const asUsual: Delivery = () => undefined;

export const nothing: Trouble = {
  schedule: undisturbed,
  delivery: asUsual,
  mendedBy: 'messages',
};

/** One call of the run meets with a fault. */
export function callFault(index: number, fault: CallFault): Trouble {
  const schedule: Schedule = {
    ...undisturbed,
    fault: (point) => (point.index === index ? fault : undefined),
  };
  // What has its effect after everybody has given it up may undo what was right by then.
  return { schedule, delivery: asUsual, mendedBy: fault === 'delay' ? 'sweep' : 'messages' };
}

const BACK_OFF = 'ChangeMessageVisibilityBatch';

/** One call fails, and then the one that has its message wait a while meets with a fault. */
export function backOffFault(index: number, fault: CallFault): Trouble {
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
export function eventFault(index: number, fault: EventFault): Trouble {
  return {
    schedule: undisturbed,
    delivery: (event) => (event.index === index ? fault : undefined),
    mendedBy: fault === 'swallowed' ? 'sweep' : 'messages',
  };
}

/** One read is served so many versions behind. */
export function staleRead(index: number, back: number): Trouble {
  const schedule: Schedule = {
    ...undisturbed,
    view: (point) => (point.index === index ? { kind: 'versions', back } : CURRENT),
  };
  return { schedule, delivery: asUsual, mendedBy: 'messages' };
}

/** How far EC2 lags behind, and for how long, ms. */
const LAG_MS = 1_500;
const LAGGING_MS = 4_000;

/** From one call on EC2 shows what was so a while ago. */
export function lagFrom(index: number): Trouble {
  let until: number | undefined;
  const schedule: Schedule = {
    ...undisturbed,
    view({ index: at, service }, clock) {
      if (at === index) until = clock.now() + LAGGING_MS;
      const lags = until !== undefined && clock.now() < until && service === 'ec2';
      return lags ? { kind: 'time', ms: LAG_MS } : CURRENT;
    },
  };
  return { schedule, delivery: asUsual, mendedBy: 'messages' };
}
