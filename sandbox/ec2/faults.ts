import type { Call } from './calls.ts';

export type FaultEffect =
  /** Answers this error and does nothing. `status` is 400 unless given. */
  | {
      readonly kind: 'error';
      readonly code: string;
      readonly message?: string;
      readonly status?: number;
    }
  /** Does nothing and never answers: the caller gives up. */
  | { readonly kind: 'time-out' }
  /** Does what was asked, then breaks the connection. */
  | { readonly kind: 'lost-response' }
  /** Does what was asked `ms` milliseconds later; may come together with another effect. */
  | { readonly kind: 'delay'; readonly ms: number };

export interface Fault {
  /** The action that the fault strikes. Without it, the fault strikes all actions. */
  readonly action?: string;
  /** Strikes only calls for which this is true. */
  readonly when?: (call: Call) => boolean;
  /** How many calls it strikes: once unless given, `Infinity` until it is removed. */
  readonly times?: number;
  readonly effect: FaultEffect;
}

export interface Faults {
  /** @returns a function that removes the fault. */
  add(fault: Fault): () => void;
  clear(): void;
}

export interface Struck {
  readonly delayMs: number;
  readonly effect: Exclude<FaultEffect, { kind: 'delay' }> | undefined;
}

export function createFaults(): Faults & { strike(call: Call): Struck } {
  const faults = new Map<Fault, number>();

  return {
    add(fault) {
      const added = { ...fault };
      faults.set(added, fault.times ?? 1);
      return () => faults.delete(added);
    },
    clear: () => faults.clear(),
    strike(call) {
      let delayMs = 0;
      let effect: Struck['effect'];
      for (const [fault, left] of faults) {
        const delays = fault.effect.kind === 'delay';
        if (!strikes(fault, call) || (!delays && effect !== undefined)) continue;
        if (left > 1) faults.set(fault, left - 1);
        else faults.delete(fault);
        if (fault.effect.kind === 'delay') delayMs += fault.effect.ms;
        else effect = fault.effect;
      }
      return { delayMs, effect };
    },
  };
}

function strikes(fault: Fault, call: Call): boolean {
  if (fault.action !== undefined && fault.action !== call.action) return false;
  return fault.when?.(call) ?? true;
}
