import type { Clock } from '../../shared/time/clock.ts';
import { type Bell, createBell } from './change-signal.ts';
import { type Sightings, see } from './floating.ts';
import type { PodAddress } from './pod-addresses.ts';

/** The pod's addresses as they were seen last. */
export interface Seen {
  update(addresses: readonly PodAddress[]): void;
  addresses(): readonly PodAddress[];
  /** `undefined` before the first update. */
  sightings(): Sightings | undefined;
  /** A bell of the caller's own, which every update from now on rings. */
  listen(): Bell;
}

export function createSeen(clock: Clock): Seen {
  const bells: Bell[] = [];
  let present: readonly PodAddress[] = [];
  let sightings: Sightings | undefined;
  return {
    update(addresses) {
      present = addresses;
      sightings = see(
        addresses.map(({ address }) => address),
        clock.now(),
        sightings,
      );
      for (const bell of bells) bell.ring();
    },
    addresses: () => present,
    sightings: () => sightings,
    listen() {
      const bell = createBell(clock);
      bells.push(bell);
      return bell;
    },
  };
}
