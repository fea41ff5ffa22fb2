import type { Change } from '../../../sandbox/kubernetes/store.ts';
import {
  type ForwarderSurroundings,
  listAgain,
  split,
  startReplicas,
  tellAll,
} from './replicas.ts';

/** How late a late event is, and how long one waits for its successor. */
const LATE_MS = 180_000;
const LONGEST_SWAP_MS = 5_000;

/** How the replicas see what happens. */
export const EVENT_FAULTS = ['swallowed', 'doubled', 'swapped', 'late', 'by-two'] as const;
export type EventFault = (typeof EVENT_FAULTS)[number];

/**
 * What becomes of a watch event: nobody hears of it; it comes twice; only after the next one; only
 * after minutes; to two replicas that both believe to lead.
 */
export type Delivery = (event: HeardEvent) => EventFault | undefined;

export interface HeardEvent {
  /** Counted over the events of a run that the workload causes; absent for others. */
  readonly index: number | undefined;
  readonly change: Change;
}

/** The forwarder of one cluster: a replica that leads, and one that stands by. */
export interface Forwarders {
  /** A pod has changed: every replica that has listed before hears of it. */
  tell(event: HeardEvent): void;
  /** The API server ends every watch, and what happened meanwhile is known to a new list alone. */
  breakWatches(): void;
}

export function startForwarders(
  surroundings: ForwarderSurroundings,
  delivery: Delivery,
): Forwarders {
  const replicas = startReplicas(surroundings);
  const held: Change[] = [];
  const tellHeld = (): void => {
    for (const change of held.splice(0)) tellAll(replicas, change);
  };

  return {
    tell(event) {
      const { change } = event;
      const fault = delivery(event);
      if (fault === 'swapped') {
        held.push(change);
        surroundings.world.clock.after(LONGEST_SWAP_MS, tellHeld);
        return;
      }
      if (fault === 'by-two') split(replicas);
      if (fault !== 'swallowed') tellAll(replicas, change, fault === 'late' ? LATE_MS : 0);
      if (fault === 'doubled') tellAll(replicas, change);
      tellHeld();
    },
    breakWatches: () => listAgain(replicas),
  };
}
