import type { VirtualClock } from '../../../sandbox/clock.ts';
import type { Staleness } from '../../../sandbox/ec2/store.ts';
import { type Clock, sleep } from '../../../shared/time/clock.ts';
import type { Life, Program } from './life.ts';

/** What may become of a call. */
export const CALL_FAULTS = [
  'crash-before',
  'crash-after',
  'lose-answer',
  'throttle',
  'fail',
  'delay',
] as const;
export type CallFault = (typeof CALL_FAULTS)[number];

/** One external call of a run. */
export interface Point {
  /** Counted over all programs of the run. */
  readonly index: number;
  readonly program: Program;
  readonly service: Service;
  readonly name: string;
}

export type Service = 'ec2' | 'kubernetes' | 'sqs';

/** Who decides what becomes of each call, and when. */
export interface Schedule {
  fault(point: Point): CallFault | undefined;
  /** How far behind a read is served. */
  view(point: Point, clock: Clock): Staleness;
  /** The call is on its way to the service, or its answer on its way back. */
  travel(point: Point, clock: Clock): Promise<void>;
}

export const CURRENT: Staleness = { kind: 'none' };

/** How long a request or its answer is under way, ms. */
const TRAVEL_MS: Readonly<Record<Service, number>> = { ec2: 20, kubernetes: 4, sqs: 8 };

export const onTime: Schedule['travel'] = ({ service }, clock) => sleep(clock, TRAVEL_MS[service]);

/** Longer than a function may run: whoever waits has been given up by then. ms */
const DELAY_MS = 70_000;

export interface Call {
  readonly service: Service;
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
}

/** Makes a call of `life`: `effect` is its effect and its answer in one step. */
export type Through = <T>(life: Life, call: Call, effect: (view: Staleness) => T) => Promise<T>;

/**
 * The one point that every external call goes through.
 *
 * Whoever dies leaves what is on its way as it is: a request that has left has its effect, and
 * its answer finds nobody. The SDK's own retries are left out: here they are exhausted.
 */
export function callsThrough(options: {
  readonly clock: VirtualClock;
  readonly schedule: Schedule;
  readonly onCall: (point: Point) => void;
}): Through {
  const { clock, schedule, onCall } = options;
  let calls = 0;

  return async (life, { service, name, signal }, effect) => {
    if (!life.alive) return never();
    signal?.throwIfAborted();
    const point = { index: calls, program: life.program, service, name };
    calls += 1;
    onCall(point);
    const fault = schedule.fault(point);
    if (fault === 'crash-before') {
      life.kill();
      return never();
    }
    const make = async () => {
      await (fault === 'delay' ? sleep(clock, DELAY_MS) : schedule.travel(point, clock));
      if (fault === 'throttle' || fault === 'fail') {
        await schedule.travel(point, clock);
        throw errorOf(service, fault);
      }
      const answer = attempt(() => effect(schedule.view(point, clock)));
      if (fault === 'crash-after') life.kill();
      else await schedule.travel(point, clock);
      if (fault === 'lose-answer') throw lost(name);
      return answer();
    };
    const made = make();
    return life.alive ? answered(life, made, signal) : never();
  };
}

/** The call's answer, for as long as there is somebody who waits for it. */
function answered<T>(life: Life, made: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const whileAlive =
      <A>(settle: (value: A) => void) =>
      (value: A): void => {
        if (life.alive) settle(value);
      };
    made.then(whileAlive(resolve), whileAlive(reject));
    const onAbort = whileAlive(() => reject(signal?.reason));
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function never(): Promise<never> {
  return new Promise(() => {});
}

/** Does it, and gives what comes of it when asked. */
function attempt<T>(task: () => T): () => T {
  try {
    const result = task();
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function lost(name: string): Error {
  return Object.assign(new Error(`the answer to ${name} was lost`), { code: 'ECONNRESET' });
}

/** As each service words them: the names of the SDK's exceptions, the status of the API server. */
const ERRORS = {
  throttle: {
    ec2: { name: 'RequestLimitExceeded', message: 'Request limit exceeded.' },
    sqs: { name: 'RequestThrottled', message: 'Request throttled.' },
    kubernetes: { name: 'ApiException', message: 'HTTP 429', code: 429, body: '' },
  },
  fail: {
    ec2: { name: 'InternalError', message: 'An internal error has occurred.' },
    sqs: { name: 'ServiceUnavailable', message: 'Service unavailable.' },
    kubernetes: { name: 'ApiException', message: 'HTTP 500', code: 500, body: '' },
  },
} as const;

function errorOf(service: Service, fault: 'throttle' | 'fail'): Error {
  const { message, ...rest } = ERRORS[fault][service];
  return Object.assign(new Error(message), rest);
}
