import { type Clock, sleep } from '../../shared/time/clock.ts';
import { failure } from './status.ts';

/** One request, as the log keeps it and as faults are matched against it. */
export interface Call {
  readonly verb:
    | 'get'
    | 'list'
    | 'watch'
    | 'create'
    | 'update'
    | 'patch'
    | 'delete'
    | 'deletecollection';
  /** `pods`, or with its subresource `pods/status`. */
  readonly resource: string;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly user: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export type CallMatcher = (call: Call) => boolean;

/** The connection was cut instead of an answer. */
export class ConnectionLost extends Error {
  constructor() {
    super('the API server cut the connection');
    this.name = 'ConnectionLost';
  }
}

export interface KubernetesFaults {
  /**
   * From now on every request is cut off (`unreachable`), answered with 500
   * (`error`), or left without an answer (`hang`); open watches break.
   */
  goDown(how: 'unreachable' | 'error' | 'hang'): void;
  /** Ends that, and answers what hangs. */
  comeUp(): void;
  /** Answers the next `count` matching requests with `code`, without effect. */
  failNext(count: number, matches?: CallMatcher, code?: number): void;
  /** From now on nobody may make the matching calls; returns what ends that. */
  forbid(matches: CallMatcher): () => void;
  /** Waits `ms` of the clock's time before every matching request; 0 ends it. */
  delay(ms: number, matches?: CallMatcher): void;
  /** Serves reads with `resourceVersion=0` up to `versions` back. */
  serveStale(versions: number): void;
}

/** The faults, and what the handler asks of them. */
export interface FaultSwitches extends KubernetesFaults {
  staleness(): number;
  forbids(call: Call): boolean;
  /** @throws ConnectionLost, StatusError, or the signal's reason. */
  before(call: Call, signal: AbortSignal): Promise<void>;
}

/** All faults off. `onDown` is called whenever the server goes down. */
export function createFaults(clock: Clock, onDown: () => void): FaultSwitches {
  const always: CallMatcher = () => true;
  let outage: 'unreachable' | 'error' | 'hang' | undefined;
  let hanging = new Set<() => void>();
  let failures: { left: number; matches: CallMatcher; code: number }[] = [];
  let slow = { ms: 0, matches: always };
  let stale = 0;
  const forbidden = new Set<CallMatcher>();

  const hang = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      hanging.add(resolve);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });

  return {
    goDown(how) {
      outage = how;
      onDown();
    },
    comeUp() {
      outage = undefined;
      for (const resume of hanging) resume();
      hanging = new Set();
    },
    failNext(count, matches = always, code = 500) {
      failures.push({ left: count, matches, code });
    },
    forbid(matches) {
      forbidden.add(matches);
      return () => void forbidden.delete(matches);
    },
    forbids: (call) => [...forbidden].some((matches) => matches(call)),
    delay(ms, matches = always) {
      slow = { ms, matches };
    },
    serveStale(versions) {
      stale = versions;
    },
    staleness: () => stale,
    async before(call, signal) {
      if (outage === 'unreachable') throw new ConnectionLost();
      if (outage === 'error') throw failure(500, 'the API server is switched to answer with 500');
      if (outage === 'hang') await hang(signal);
      if (slow.ms > 0 && slow.matches(call)) await sleep(clock, slow.ms, signal);
      const next = failures.find((fault) => fault.matches(call));
      if (next === undefined) return;
      next.left -= 1;
      failures = failures.filter((fault) => fault.left > 0);
      throw failure(next.code, `a fault answers ${call.verb} ${call.resource} with ${next.code}`);
    },
  };
}
