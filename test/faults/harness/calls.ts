import type { VirtualClock } from '../../../sandbox/clock.ts';
import type { Staleness } from '../../../sandbox/ec2/store.ts';
import { type Clock, sleep } from '../../../shared/time/clock.ts';
import { withDeadline } from '../../../shared/time/deadline.ts';
import type { Life, Program } from './life.ts';

/**
 * What may become of a call. One that hangs is never answered: whoever waits gives it up; after
 * `hang-after` it has had its effect. `refuse` is a client error with a code that nobody knows.
 */
export const CALL_FAULTS = [
  'crash-before',
  'crash-after',
  'lose-answer',
  'hang',
  'hang-after',
  'throttle',
  'fail',
  'refuse',
  'slow',
  'delay',
] as const;
/** Of a ledger: others have written it, the functions may not, or the kind is not installed. */
export const LEDGER_FAULTS = ['conflict', 'forbid', 'no-kind'] as const;
/** `garble`: what somebody wrote into SSM is nothing that can be read. */
export type CallFault = (typeof CALL_FAULTS)[number] | (typeof LEDGER_FAULTS)[number] | 'garble';

/** Something that is on its way to a service, or back from there. */
export interface Travelling {
  readonly index: number;
  readonly service: Service;
  readonly name: string;
  /** The ENI that is to be changed. */
  readonly eniId?: string | undefined;
}

/** One external call of a run. */
export interface Point extends Travelling {
  /** Counted over all programs of the run. */
  readonly index: number;
  readonly program: Program;
  /** The process that makes it. */
  readonly life: Life;
}

export type Service = 'ec2' | 'kubernetes' | 'sqs' | 'ssm';

/** Who decides what becomes of each call, and when. */
export interface Schedule {
  fault(point: Point): CallFault | undefined;
  /** How far behind a read is served. */
  view(point: Point, clock: Clock): Staleness;
  /** The call is on its way to the service, or its answer on its way back. */
  travel(what: Travelling, clock: Clock): Promise<void>;
}

export const CURRENT: Staleness = { kind: 'none' };

/** How long a request or its answer is under way. */
const TRAVEL_MS: Readonly<Record<Service, number>> = {
  ec2: 20,
  kubernetes: 4,
  sqs: 8,
  ssm: 10,
};

export const onTime: Schedule['travel'] = ({ service }, clock) => sleep(clock, TRAVEL_MS[service]);

/** Longer than a function may run: whoever waits has been given up by then. ms */
const DELAY_MS = 70_000;
/** A slow call takes seconds: so long in each direction. */
export const SLOW_MS = 1_500;
/** Clients of the API server give a request up by themselves (functions/context.ts). */
const KUBERNETES_TIMEOUT_MS = 10_000;

export interface Call {
  readonly service: Service;
  readonly name: string;
  readonly eniId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a call of `life`: `effect` is its effect and its answer in one step.
 *
 * @param effect is told whether the answer is to be one that nobody can read, if there is such an answer.
 */
export type Through = <T>(
  life: Life,
  call: Call,
  effect: (view: Staleness, garbled: boolean) => T,
) => Promise<T>;

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

  return async (life, { service, name, eniId, signal }, effect) => {
    if (!life.alive) return never();
    signal?.throwIfAborted();
    const point = { index: calls, program: life.program, life, service, name, eniId };
    calls += 1;
    onCall(point);
    const fault = schedule.fault(point);
    if (fault === 'crash-before') {
      life.kill();
      return never();
    }
    const travel = () => (fault === 'slow' ? sleep(clock, SLOW_MS) : schedule.travel(point, clock));
    const make = async () => {
      if (fault === 'hang') return never();
      await (fault === 'delay' ? sleep(clock, DELAY_MS) : travel());
      const refused = errorOf(service, fault);
      if (refused !== undefined) {
        await travel();
        throw refused;
      }
      const answer = attempt(() => effect(schedule.view(point, clock), fault === 'garble'));
      if (fault === 'hang-after') return never();
      if (fault === 'crash-after') life.kill();
      else await travel();
      if (fault === 'lose-answer') throw lost(name);
      return answer();
    };
    const made = make();
    if (!life.alive) return never();
    return service === 'kubernetes'
      ? withDeadline(life.clock, KUBERNETES_TIMEOUT_MS, signal, (either) =>
          answered(life, made, either),
        )
      : answered(life, made, signal);
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
    const onAbort = whileAlive(() => reject(signal?.reason));
    signal?.addEventListener('abort', onAbort, { once: true });
    // Node keeps a signal that is made of others for as long as somebody listens to it.
    const stopListening = (): void => signal?.removeEventListener('abort', onAbort);
    made.then(whileAlive(resolve), whileAlive(reject)).finally(stopListening);
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
    ssm: { name: 'ThrottlingException', message: 'Rate exceeded' },
    kubernetes: { name: 'ApiException', message: 'HTTP 429', code: 429, body: '' },
  },
  fail: {
    ec2: { name: 'InternalError', message: 'An internal error has occurred.' },
    sqs: { name: 'ServiceUnavailable', message: 'Service unavailable.' },
    ssm: { name: 'InternalServerError', message: 'An error occurred on the server side.' },
    kubernetes: { name: 'ApiException', message: 'HTTP 500', code: 500, body: '' },
  },
  refuse: {
    ec2: {
      name: 'NobodyKnowsThisCode',
      message: 'The request cannot be served.',
      $metadata: { httpStatusCode: 400 },
    },
    sqs: {
      name: 'NobodyKnowsThisCode',
      message: 'The request cannot be served.',
      $metadata: { httpStatusCode: 400 },
    },
    ssm: {
      name: 'AccessDeniedException',
      message: 'not authorized to perform: ssm:GetParameter',
      $metadata: { httpStatusCode: 400 },
    },
    kubernetes: { name: 'ApiException', message: 'HTTP 422', code: 422, body: '' },
  },
} as const;

/** The API server's answers about ledgers. */
const ABOUT_LEDGERS = { conflict: 409, forbid: 403, 'no-kind': 404 } as const;

/** What the service answers; `undefined`: the fault is no answer. */
function errorOf(service: Service, fault: CallFault | undefined): Error | undefined {
  switch (fault) {
    case 'conflict':
    case 'forbid':
    case 'no-kind': {
      const code = ABOUT_LEDGERS[fault];
      return Object.assign(new Error(`HTTP ${code}`), { name: 'ApiException', code, body: '' });
    }
    case 'throttle':
    case 'fail':
    case 'refuse': {
      const { message, ...rest } = ERRORS[fault][service];
      return Object.assign(new Error(message), rest);
    }
    default:
      return undefined;
  }
}
