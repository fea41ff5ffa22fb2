import { randomUUID } from 'node:crypto';
import { type Cancel, type Clock, systemClock } from '../../shared/time/clock.ts';
import { type Handler, inProcessFunction, type LambdaFunction } from './function.ts';

/** What EventBridge Scheduler sends to a function if the schedule has no input of its own. */
export interface ScheduledEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': 'Scheduled Event';
  readonly source: 'aws.scheduler';
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: string;
}

/**
 * Invokes a function every `rateMs` of `clock`'s time, the first time after one
 * `rateMs`. A failed invocation is told to `onFailure` and not repeated before its next turn.
 */
export function startSchedule(options: {
  readonly rateMs: number;
  readonly handler: Handler<ScheduledEvent> | LambdaFunction<ScheduledEvent>;
  /** For a handler that runs in this process. */
  readonly timeoutMs: number;
  readonly clock?: Clock;
  readonly onFailure?: (error: unknown) => void;
}): { stop(): void } {
  const { rateMs, handler, timeoutMs, clock = systemClock } = options;
  const target =
    typeof handler === 'function'
      ? inProcessFunction({ name: 'scheduled', handler, timeoutMs, clock })
      : handler;
  let cancel: Cancel = () => {};
  const next = (): void => {
    cancel = clock.after(rateMs, () => {
      next();
      target.invoke(scheduledEvent(clock.now())).catch((error) => options.onFailure?.(error));
    });
  };
  next();
  return { stop: () => cancel() };
}

function scheduledEvent(now: number): ScheduledEvent {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account: '111122223333',
    time: new Date(now).toISOString(),
    region: 'us-east-1',
    resources: ['arn:aws:scheduler:us-east-1:111122223333:schedule/default/sandbox'],
    detail: '{}',
  };
}
