import { inspect } from 'node:util';
import { type Clients, contextFor } from '../../functions/context.ts';
import {
  type BatchResponse,
  type ReconcileContext,
  reconcileBatch,
} from '../../functions/reconcile/reconcile-batch.ts';
import type { VirtualClock } from '../../sandbox/clock.ts';
import { configFrom } from '../../shared/config.ts';
import type { Telemetry } from '../../shared/telemetry.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { interposed } from '../support/interposed.ts';
import { type Actor, type Gate, startActor } from '../support/stepper.ts';
import { recordedTelemetry } from '../support/telemetry.ts';

/** How long a reconcile may take. */
export const NODE_DEADLINE_MS = 45_000;
/** The longest pause of the functions; every deadline of theirs is later. */
const LONGEST_PAUSE_MS = 1_600;

type Start = (node: string, event: unknown) => Actor<BatchResponse>;

/** Lambda's execution environments: a node is served by the one that served it last, unless that is busy or dead. */
export interface Environments {
  /** Takes the clients that all of them share, and gives them back. */
  readonly share: (clients: Clients) => Clients;
  /** @param variables their environment variables. */
  reconcile(variables: Readonly<Record<string, string>>): Start;
  /** No invocation is served by one of those that there are. */
  retire(): void;
  /** All that they logged, for what is said if one fails. */
  logged(): string;
}

export function createEnvironments(clock: VirtualClock): Environments {
  let shared: Clients | undefined;
  const served = new Map<string, { start: Start; actor?: Actor<BatchResponse> }>();
  const telemetry = recordedTelemetry();
  return {
    share(clients) {
      shared = clients;
      return clients;
    },
    reconcile: (variables) => (node, event) => {
      if (shared === undefined) throw new Error('there are no clients yet');
      const last = served.get(node);
      const free = last?.actor?.ended()
        ? last
        : { start: environment(variables, shared, { clock, telemetry }) };
      const actor = free.start(node, event);
      served.set(node, { ...free, actor });
      return actor;
    },
    retire: () => served.clear(),
    logged: () =>
      telemetry.lines.map(({ level, text, detail }) => inspect({ level, text, detail })).join('\n'),
  };
}

/** One environment: what the function keeps between its invocations is kept here. */
function environment(
  variables: Readonly<Record<string, string>>,
  clients: Clients,
  { clock, telemetry }: { readonly clock: VirtualClock; readonly telemetry: Telemetry },
): Start {
  const config = configFrom(variables);
  let current: Gate = (_, make) => make();
  const stepped = interposed(clients, ({ name }, make) => current(name, make));
  const context: ReconcileContext = {
    ...contextFor(config, stepped, { clock: pausing(clock), telemetry }),
    queueUrl: config.queueUrl,
    deadLetterQueueUrl: config.deadLetterQueueUrl,
    random: Math.random,
    memories: new Map(),
  };
  return (node, event) =>
    startActor(`the reconcile of ${node}`, (gate) => {
      current = gate;
      return reconcileBatch(context, event, NODE_DEADLINE_MS);
    });
}

/** Pauses pass at once, taking their time with them; deadlines come when the test has them come. */
function pausing(clock: VirtualClock): Clock {
  return {
    now: clock.now,
    monotonic: clock.monotonic,
    after(delayMs, task) {
      if (delayMs > LONGEST_PAUSE_MS) return clock.after(delayMs, task);
      const soon = setImmediate(() => {
        clock.advance(delayMs);
        task();
      });
      return () => clearImmediate(soon);
    },
  };
}
