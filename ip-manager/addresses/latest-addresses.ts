import type { Clock } from '../../shared/time/clock.ts';
import { type ChangeSignal, createChangeSignal } from './change-signal.ts';
import { observe, type Presences } from './floating.ts';
import type { PodAddress } from './pod-addresses.ts';

/** The pod's addresses as they were seen last. */
export interface LatestAddresses {
  update(addresses: readonly PodAddress[]): void;
  addresses(): readonly PodAddress[];
  /** `undefined` before the first update. */
  presences(): Presences | undefined;
  /** A signal of the caller's own, which every update from now on notifies. */
  listen(): ChangeSignal;
}

export function latestAddresses(clock: Clock): LatestAddresses {
  const signals: ChangeSignal[] = [];
  let present: readonly PodAddress[] = [];
  let presences: Presences | undefined;
  return {
    update(addresses) {
      present = addresses;
      presences = observe(
        addresses.map(({ address }) => address),
        clock.now(),
        presences,
      );
      for (const signal of signals) signal.notify();
    },
    addresses: () => present,
    presences: () => presences,
    listen() {
      const signal = createChangeSignal(clock);
      signals.push(signal);
      return signal;
    },
  };
}
