import { type Clients, contextFor } from '../../../functions/context.ts';
import {
  type BatchResponse,
  type ReconcileContext,
  reconcileBatch,
} from '../../../functions/reconcile/reconcile-batch.ts';
import { failedItems } from '../../../sandbox/lambda/batch-response.ts';
import type { StoredMessage } from '../../../sandbox/sqs/message.ts';
import type { Config } from '../../../shared/config.ts';
import { parseMessage } from '../../../shared/messages/schema.ts';
import type { Telemetry } from '../../../shared/telemetry.ts';
import type { Cancel } from '../../../shared/time/clock.ts';
import type { VirtualWorld } from '../world/world.ts';
import type { Invariants } from './invariants.ts';
import { type Life, startLife } from './life.ts';
import { configuredFor } from './stops.ts';

/** Of the function, and of what it gives to one node: functions/reconcile/handler.ts. */
const TIMEOUT_MS = 60_000;
const NODE_DEADLINE_MS = 45_000;
const POLL_MS = 20;
const CONCURRENCY = 4;

/** The event source mapping, and the execution environments behind it. */
export interface Lambda {
  /** There may be something to receive. */
  poke(): void;
  /** Whoever is invoked from now on begins with the configuration that there is then. */
  retire(): void;
  readonly running: () => number;
}

/**
 * After how many ms others get the messages of an invocation, counted from 0, as they do if Lambda
 * retried it while it was throttled until little of their visibility timeout was left; `undefined` if
 * all of it is.
 */
export type VisibleTo = (invocation: number) => number | undefined;

interface Environment {
  readonly life: Life;
  /** How often the functions had been deployed anew when it began. */
  readonly version: number;
  readonly context: ReconcileContext;
  /** The nodes whose reconcile failed in the invocation that is under way. */
  readonly retried: Set<string>;
  /** Ends the invocation that is under way. A promise of its death would keep all that ever waited for it. */
  onDeath: () => void;
}

interface LambdaOptions {
  readonly world: VirtualWorld;
  readonly config: () => Config;
  readonly clientsOf: (life: Life) => Clients;
  readonly invariants: Invariants;
  readonly cold: boolean;
  readonly visibleTo: VisibleTo;
  readonly step: () => number;
  /** The last step at which a read was served from behind. */
  readonly staleAt: () => number;
  /** Absent if nobody listens. */
  readonly log: ((line: string) => void) | undefined;
}

export function startLambda(options: LambdaOptions): Lambda {
  const { world, invariants, cold, visibleTo, step, staleAt, log } = options;
  const { clock, queues } = world;
  const free: Environment[] = [];
  let running = 0;
  let invocations = 0;
  let version = 0;
  let wake: { readonly at: number; readonly cancel: Cancel } | undefined;

  const wakeAt = (at: number): void => {
    if (wake !== undefined && wake.at <= at) return;
    wake?.cancel();
    const cancel = clock.after(at - clock.now(), () => {
      wake = undefined;
      poll();
    });
    wake = { at, cancel };
  };

  const poll = (): void => {
    while (running < CONCURRENCY) {
      const received = queues.receive();
      if (received.length === 0) break;
      const afterMs = visibleTo(invocations);
      invocations += 1;
      for (const message of received) {
        if (afterMs !== undefined) message.visibleAt = clock.now() + afterMs;
      }
      void invoke(received.map((message) => ({ ...message })));
    }
    const next = queues.nextVisibleAt();
    if (next !== undefined) wakeAt(next);
  };

  const invoke = async (messages: readonly StoredMessage[]): Promise<void> => {
    running += 1;
    const environment = free.pop() ?? createEnvironment(options, version);
    const { life, context } = environment;
    environment.retried.clear();
    const begun = step();
    log?.(`invoked with ${messages.map(({ body }) => inWords(body)).join('; ')}`);
    const cancel = clock.after(TIMEOUT_MS, life.kill);
    const { promise: ended, resolve } = Promise.withResolvers<BatchResponse | undefined>();
    environment.onDeath = () => resolve(undefined);
    reconcileBatch(context, eventOf(messages), NODE_DEADLINE_MS).then(resolve, (error: unknown) => {
      log?.(`the function failed: ${error}`);
      resolve(undefined);
    });
    const answer = await ended;
    cancel();
    if (life.alive) {
      invariants.ended(life);
      if (!cold && environment.version === version) free.push(environment);
      if (answer !== undefined) {
        acknowledge(options, messages, answer, environment);
        if (staleAt() < begun) tellReconciled(invariants, messages, environment, begun);
      }
    } else log?.('the execution environment died');
    running -= 1;
    wakeAt(clock.now() + POLL_MS);
  };

  return {
    poke: () => wakeAt(clock.now() + POLL_MS),
    retire() {
      version += 1;
      free.length = 0;
    },
    running: () => running,
  };
}

/** A new execution environment. */
function createEnvironment(
  { world, clientsOf, invariants, log, ...options }: LambdaOptions,
  version: number,
): Environment {
  const config = options.config();
  const { clock, random } = world;
  const life = startLife('reconcile', clock, () => {
    invariants.died(life);
    environment.onDeath();
  });
  const retried = new Set<string>();
  const telemetry = noticing(retried, log);
  const context: ReconcileContext = {
    ...contextFor(config, clientsOf(life), { clock: life.clock, telemetry }),
    queueUrl: config.queueUrl,
    deadLetterQueueUrl: config.deadLetterQueueUrl,
    random,
    memories: new Map(),
  };
  configuredFor(life, config);
  const environment: Environment = { life, version, context, retried, onDeath: () => {} };
  return environment;
}

/** Each node whose messages were done has been reconciled. */
function tellReconciled(
  invariants: Invariants,
  messages: readonly StoredMessage[],
  { retried }: Environment,
  begun: number,
): void {
  for (const node of new Set(messages.map(({ body }) => nodeOf(body)))) {
    if (node === undefined || retried.has(node)) continue;
    const [cluster = '', name = ''] = node.split('/');
    invariants.reconciled(cluster, name, begun);
  }
}

/** Deletes what the function's answer says is done, as Lambda does. */
function acknowledge(
  { world: { queues }, invariants }: LambdaOptions,
  messages: readonly StoredMessage[],
  answer: BatchResponse,
  { retried }: Environment,
): void {
  const ids = messages.map(({ id }) => id);
  const items = failedItems(answer, ids);
  if (!items.ok) {
    invariants.violate(`the function's answer cannot be read: ${items.detail}`);
    return;
  }
  for (const message of messages) {
    if (items.failed.includes(message.id)) continue;
    const node = retried.size > 0 ? nodeOf(message.body) : undefined;
    if (node !== undefined && retried.has(node)) {
      invariants.violate(`a message of ${node} was acknowledged although its reconcile failed`);
    }
    try {
      queues.acknowledge(message);
    } catch (error) {
      // A heartbeat is not held: one that others have too is told of twice.
      if (isHeartbeat(message.body)) continue;
      invariants.violate(`a message was acknowledged that others have by now: ${error}`);
    }
  }
}

const NOT_DONE: ReadonlySet<string> = new Set([
  'a node is retried',
  'a node is left to whoever has its messages by now',
]);

/** Notes for which nodes a reconcile failed, as the function's log tells. */
function noticing(retried: Set<string>, log: ((line: string) => void) | undefined): Telemetry {
  return {
    info: () => {},
    warn: (text, _subject, detail) => log?.(`${text} ${JSON.stringify(detail)}`),
    error(text, { cluster, node }, error) {
      if (NOT_DONE.has(text)) retried.add(`${cluster}/${node}`);
      log?.(`${text} (${node}): ${error}`);
    },
    metric: () => {},
  };
}

/** What the function reads of Lambda's event. */
function eventOf(messages: readonly StoredMessage[]): unknown {
  return {
    Records: messages.map(({ id, receipt, body, receiveCount, groupId }) => ({
      messageId: id,
      receiptHandle: receipt?.handle,
      body,
      attributes: { ApproximateReceiveCount: String(receiveCount), MessageGroupId: groupId },
    })),
  };
}

function nodeOf(body: string): string | undefined {
  const parsed = parseMessage(body);
  if (!parsed.ok || parsed.message.reason === 'heartbeat') return undefined;
  return `${parsed.message.cluster}/${parsed.message.node}`;
}

function isHeartbeat(body: string): boolean {
  const parsed = parseMessage(body);
  return parsed.ok && parsed.message.reason === 'heartbeat';
}

function inWords(body: string): string {
  const parsed = parseMessage(body);
  if (!parsed.ok) return 'what is no message';
  const { message } = parsed;
  if (message.reason === 'heartbeat') return 'heartbeat';
  const pods = message.pods.map(({ event, name, ips }) => `${event} ${name} [${ips.join(' ')}]`);
  return `${message.reason} of ${message.node} {${pods.join(', ')}}`;
}
