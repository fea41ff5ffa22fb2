import { SqsError, type SqsErrorType } from './errors.ts';

/** A call that reached the queue. */
export interface LoggedCall {
  readonly action: string;
  /** The queue's name, if the request names one. */
  readonly queue: string | undefined;
  /** ms since the epoch. */
  readonly at: number;
  /** `lost`: done, and the answer did not arrive. A call that waits has no outcome yet. */
  outcome?: 'ok' | 'lost' | SqsErrorType;
}

/** What goes wrong on demand. */
export interface Faults {
  /** The next `times` calls of `action` fail before they have an effect. */
  fail(action: string, times: number, error?: SqsErrorType): void;
  /** The next `times` calls of `action` have their effect and no answer. */
  loseResponse(action: string, times: number): void;
}

interface Planned {
  times: number;
  readonly error: SqsErrorType | undefined;
}

/** Faults and the two questions that the server asks of them. */
export function createFaults(): {
  readonly faults: Faults;
  /** @throws the error that was planned for this call. */
  beforeEffect(action: string): void;
  losesResponse(action: string): boolean;
} {
  const failing = new Map<string, Planned>();
  const losing = new Map<string, Planned>();
  const take = (from: Map<string, Planned>, action: string): Planned | undefined => {
    const planned = from.get(action);
    if (planned === undefined || planned.times === 0) return undefined;
    planned.times -= 1;
    return planned;
  };
  return {
    faults: {
      fail: (action, times, error) => failing.set(action, { times, error }),
      loseResponse: (action, times) => losing.set(action, { times, error: undefined }),
    },
    beforeEffect(action) {
      const planned = take(failing, action);
      if (planned === undefined) return;
      throw new SqsError(planned.error ?? 'ServiceUnavailable', 'A fault that was asked for.');
    },
    losesResponse: (action) => take(losing, action) !== undefined,
  };
}
