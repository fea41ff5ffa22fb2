import type { Clock } from '../../shared/time/clock.ts';
import { type ChangeSignal, createChangeSignal } from './change-signal.ts';
import { type Observations, observe } from './floating.ts';
import type { PodAddress } from './pod-addresses.ts';

/** The pod's addresses as they were seen last. */
export interface LatestAddresses {
  update(addresses: readonly PodAddress[]): void;
  addresses(): readonly PodAddress[];
  /** `undefined` before the first update. */
  observations(): Observations | undefined;
  /** A signal of the caller's own, which every update from now on notifies. */
  listen(): ChangeSignal;
}

export function latestAddresses(clock: Clock): LatestAddresses {
  const signals: ChangeSignal[] = [];
  let present: readonly PodAddress[] = [];
  let observations: Observations | undefined;
  return {
    update(addresses) {
      present = addresses;
      observations = observe(
        addresses.map(({ address }) => address),
        clock.now(),
        observations,
      );
      for (const signal of signals) signal.notify();
    },
    addresses: () => present,
    observations: () => observations,
    listen() {
      const signal = createChangeSignal(clock);
      signals.push(signal);
      return signal;
    },
  };
}
