/** One request as it arrived. */
export interface Call {
  readonly action: string;
  /** The request's parameters as they were sent, without `Action` and `Version`. */
  readonly params: Readonly<Record<string, string>>;
  /** When it arrived, milliseconds since the epoch. */
  readonly at: number;
  /** Absent if the caller got no answer. */
  readonly requestId?: string;
}

export type CallOutcome =
  | { readonly kind: 'answered' }
  | { readonly kind: 'refused'; readonly code: string }
  /** Never answered; nothing was done. */
  | { readonly kind: 'timed-out' }
  /** Done or refused, but the answer did not reach the caller. */
  | { readonly kind: 'lost' };

export interface LoggedCall extends Call {
  readonly outcome: CallOutcome;
}

export interface CallLog {
  /** Every call so far, in the order in which they were decided. */
  all(): readonly LoggedCall[];
  /** Calls per action. */
  counts(): Readonly<Record<string, number>>;
  clear(): void;
  /** Calls `listener` for each further call, until the returned function is called. */
  subscribe(listener: (call: LoggedCall) => void): () => void;
}

export function createCallLog(): CallLog & { add(call: Call, outcome: CallOutcome): void } {
  let calls: LoggedCall[] = [];
  const listeners = new Set<(call: LoggedCall) => void>();

  return {
    all: () => [...calls],
    counts() {
      const counts: Record<string, number> = {};
      for (const { action } of calls) counts[action] = (counts[action] ?? 0) + 1;
      return counts;
    },
    clear() {
      calls = [];
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    add(call, outcome) {
      const logged = { ...call, outcome };
      calls.push(logged);
      for (const listener of listeners) listener(logged);
    },
  };
}
