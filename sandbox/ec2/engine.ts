import { randomUUID } from 'node:crypto';
import { type Clock, sleep } from '../../shared/time/clock.ts';
import type { View } from './actions/action.ts';
import { ACTIONS } from './actions/index.ts';
import { type Call, type CallLog, createCallLog } from './calls.ts';
import { type Controls, createControls } from './controls.ts';
import { Ec2Error } from './errors.ts';
import { createFaults, type FaultEffect, type Faults } from './faults.ts';
import { idMaker } from './ids.ts';
import { INSTANCE_TYPES } from './instance-types.ts';
import { API_VERSION, nestParameters } from './query.ts';
import { type Change, createStore, type Staleness } from './store.ts';
import { createThrottle, type Throttle } from './throttle.ts';
import { encodeAnswer, encodeError } from './xml.ts';

export interface Ec2Options {
  readonly clock: Clock;
  readonly region: string;
  /** Twelve digits. */
  readonly account: string;
}

/** An HTTP response: its status and its XML. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  /** Also a header of the response, and what CloudTrail has as `requestID`. */
  readonly requestId: string;
}

/** The fault `lost-response`: the connection breaks in the place of an answer. */
export class ConnectionLost extends Error {
  readonly code = 'ECONNRESET';

  constructor(action: string) {
    super(`the answer to ${action} was lost`);
    this.name = 'ConnectionLost';
  }
}

export interface Ec2 extends Controls {
  readonly region: string;
  readonly account: string;
  /**
   * One request without a socket; its signature is not looked at. Rejects with
   * ConnectionLost for a lost response; waits for `signal`, and rejects with its
   * reason, for a time-out.
   */
  handle(params: URLSearchParams, options?: { readonly signal?: AbortSignal }): Promise<Answer>;
  readonly calls: CallLog;
  readonly faults: Faults;
  readonly throttle: Throttle;
  /** How far DescribeNetworkInterfaces lags behind from now on. */
  setStaleness(staleness: Staleness): void;
  /** Calls `listener` right after every change of EC2's state, until the returned function is called. */
  onChange(listener: (change: Change) => void): () => void;
}

/**
 * A strict EC2: it refuses what EC2 refuses, in EC2's words if we know them. Each call is decided in
 * one step, on the state of that moment.
 */
export function createEc2({ clock, region, account }: Ec2Options): Ec2 {
  const store = createStore(
    {
      vpcs: new Set(),
      subnets: new Map(),
      instances: new Map(),
      enis: new Map(),
      instanceTypes: INSTANCE_TYPES,
    },
    clock,
  );
  const calls = createCallLog();
  const faults = createFaults();
  const throttle = createThrottle(clock);
  const ids = idMaker();
  let staleness: Staleness = { kind: 'none' };

  const decide = (
    action: string,
    params: URLSearchParams,
    requestId: string,
    effect?: FaultEffect,
  ): string => {
    if (effect?.kind === 'error') {
      throw new Ec2Error(effect.code, effect.message ?? 'A fault of the sandbox', effect.status);
    }
    if (!throttle.take(action, params)) {
      throw new Ec2Error('RequestLimitExceeded', 'Request limit exceeded.', 503);
    }
    const state = store.state();
    const view = { state, lagging: store.lagging(staleness), ids, account, region };
    return run(action, params, { ...view, requestId }, store.commit);
  };

  const handle: Ec2['handle'] = async (params, { signal } = {}) => {
    const call = toCall(params, clock.now());
    const { delayMs, effect } = faults.strike(call);
    if (delayMs > 0) await sleep(clock, delayMs, signal);
    if (effect?.kind === 'time-out') {
      calls.add(call, { kind: 'timed-out' });
      return aborted(signal);
    }
    const { answer, code } = attempt((requestId) => decide(call.action, params, requestId, effect));
    if (effect?.kind === 'lost-response') {
      calls.add(call, { kind: 'lost' });
      throw new ConnectionLost(call.action);
    }
    const { requestId } = answer;
    const outcome =
      code === undefined ? { kind: 'answered' as const } : { kind: 'refused' as const, code };
    calls.add({ ...call, requestId }, outcome);
    return answer;
  };

  return {
    ...createControls(store, ids, { clock, region }),
    region,
    account,
    handle,
    calls,
    faults,
    throttle,
    setStaleness(next) {
      staleness = next;
    },
    onChange: store.onChange,
  };
}

function run(
  name: string,
  params: URLSearchParams,
  { requestId, ...view }: View & { readonly requestId: string },
  commit: (state: View['state']) => void,
): string {
  const action = ACTIONS.get(name);
  if (action === undefined || params.get('Version') !== API_VERSION) {
    throw new Ec2Error('InvalidAction', `The action ${name} is not valid for this web service.`);
  }
  const { answer, state } = action(nestParameters(params), view);
  if (state !== undefined) commit(state);
  return encodeAnswer(name, requestId, answer);
}

function toCall(params: URLSearchParams, at: number): Call {
  const { Action = '', Version: _, ...rest } = Object.fromEntries(params);
  return { action: Action, params: rest, at };
}

function attempt(work: (requestId: string) => string): {
  readonly answer: Answer;
  readonly code?: string;
} {
  const requestId = randomUUID();
  try {
    return { answer: { status: 200, body: work(requestId), requestId } };
  } catch (error) {
    if (!(error instanceof Ec2Error)) throw error;
    return { answer: errorAnswer(error, requestId), code: error.code };
  }
}

export function errorAnswer(
  { code, message, status }: Ec2Error,
  requestId: string = randomUUID(),
): Answer {
  return { status, body: encodeError(code, message, requestId), requestId };
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
