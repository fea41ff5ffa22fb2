import type { Logger } from 'pino';
import type { Clock, Random } from '../shared/clock.ts';
import type { Limit } from './backlog.ts';
import { serveHealth } from './health.ts';
import type { Kube } from './kube-request.ts';
import { type ElectionTimes, joinElection } from './leader.ts';
import { leaseAt } from './leases.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createOutbox, type OutboxEvents, type SendBatch } from './outbox.ts';
import { createReplica, type Replica } from './replica.ts';
import { type WatchEvents, watchPods } from './watch-pods.ts';

const HEARTBEAT_MS = 60_000;
/** A replica that has seen no pods for longer than this does not say that it watches, ms. */
const LONGEST_BLIND_MS = 60_000;
/** Within the 30 s that Kubernetes gives a terminating pod by default, ms. */
const DRAIN_MS = 15_000;

export interface ForwarderOptions {
  readonly cluster: string;
  readonly kube: Kube;
  readonly send: SendBatch;
  readonly lease: { readonly namespace: string; readonly name: string };
  /** Different in every process. */
  readonly identity: string;
  readonly http: { readonly host?: string; readonly port: number };
  readonly outboxLimit: Limit;
  readonly electionTimes: ElectionTimes;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface Forwarder {
  /** Where HTTP is served. */
  readonly port: number;
  leading(): boolean;
  /** Sends what is gathered and waiting, for 15 s at most, and gives the Lease up. */
  stop(): Promise<void>;
  /** Ends as a crash would: nothing more is sent, and the Lease runs out. */
  abandon(): Promise<void>;
}

/**
 * Watches the cluster's pods and tells the queue which nodes to look at. Of several
 * replicas one sends; the others know the same and wait.
 *
 * @throws where HTTP can't be served.
 */
export async function startForwarder(options: ForwarderOptions): Promise<Forwarder> {
  const { cluster, kube, clock, random, log } = options;
  const ended = new AbortController();
  const sight: Sight = { blindSince: clock.now() };
  const metrics = createMetrics({
    pods: () => replica.counts().pods,
    nodes: () => replica.counts().nodes,
    outboxMessages: () => outbox.size().messages,
    outboxBytes: () => outbox.size().bytes,
    leader: () => election.leading(),
    lastEventAgeSeconds: () =>
      sight.lastEvent === undefined ? undefined : (clock.now() - sight.lastEvent) / 1_000,
  });
  const outbox = createOutbox({
    ...options,
    limit: options.outboxLimit,
    events: outboxEvents(metrics, log),
  });
  const replica = createReplica({ clock, cluster, outbox });
  const health = await serveHealth({
    ...options.http,
    registry: metrics.registry,
    notReady: () => (replica.listed() ? undefined : 'the pods are not listed yet'),
  });
  const election = joinElection({
    leases: leaseAt(kube, options.lease.namespace, options.lease.name),
    identity: options.identity,
    clock,
    random,
    times: options.electionTimes,
    onElected() {
      log.info('leader: this replica sends from now on');
      replica.elected();
    },
    onLost() {
      log.info('no longer the leader: this replica only listens from now on');
      replica.lost();
      outbox.clear();
    },
    onError(error) {
      metrics.apiFailures.inc({ call: 'lease' });
      log.warn({ err: error }, 'the Lease could not be read or written; trying again');
    },
  });
  const events = watchEvents({ metrics, log, sight, clock });
  const sink = { ...replica, onListed: logList(replica, log) };
  const watching = watchPods({ kube, sink, events, clock, random, signal: ended.signal });
  const stopBeating = every(clock, HEARTBEAT_MS, () => {
    const blindMs = sight.blindSince === undefined ? 0 : clock.now() - sight.blindSince;
    if (blindMs <= LONGEST_BLIND_MS) replica.beat();
    else log.error({ blindMs }, 'no heartbeat: the pods can not be watched');
  });

  const end = async (): Promise<void> => {
    stopBeating();
    ended.abort();
    await watching;
  };
  return {
    port: health.port,
    leading: election.leading,
    async stop() {
      await end();
      replica.flush();
      const drained = await outbox.drain(DRAIN_MS);
      if (!drained)
        log.error({ outbox: outbox.size() }, 'messages are lost: SQS did not take them');
      await election.release();
      await health.stop();
    },
    async abandon() {
      election.abandon();
      await end();
      await health.stop();
    },
  };
}

/** Whether the pods are in sight. */
interface Sight {
  /** Absent while a watch is open. */
  blindSince?: number | undefined;
  lastEvent?: number;
}

function watchEvents(context: {
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly sight: Sight;
  readonly clock: Clock;
}): WatchEvents {
  const { metrics, log, sight, clock } = context;
  return {
    connected(open) {
      if (open) sight.blindSince = undefined;
      else sight.blindSince ??= clock.now();
    },
    received(type) {
      sight.lastEvent = clock.now();
      metrics.watchEvents.inc({ type });
    },
    relist(reason) {
      metrics.relists.inc();
      log.info({ reason }, 'listing the pods again');
    },
    unreadable(detail) {
      metrics.unreadablePods.inc();
      log.warn({ detail }, 'a pod is left out: it can not be read');
    },
    failed(error, delayMs) {
      metrics.apiFailures.inc({ call: 'pods' });
      log.warn({ err: error, delayMs }, 'the pods could not be listed or watched; trying again');
    },
  };
}

function outboxEvents(metrics: Metrics, log: Logger): OutboxEvents {
  return {
    sent: (messages) => metrics.sent.inc(messages),
    failed(reason, messages) {
      metrics.sendFailures.inc({ reason }, messages);
      log.warn({ reason, messages }, 'SQS did not take messages; sending them again');
    },
    collapsed(node, messages) {
      metrics.collapses.inc();
      log.warn({ node, messages }, 'too much waits to be sent: these messages became one resync');
    },
  };
}

function logList(replica: Replica, log: Logger): Replica['onListed'] {
  return (uids) => {
    replica.onListed(uids);
    log.info({ all: uids.size, ...replica.counts() }, 'listed the pods');
  };
}

/** Calls `task` every `ms` milliseconds. Returns what stops it. */
function every(clock: Clock, ms: number, task: () => void): () => void {
  let cancel = clock.after(ms, tick);
  function tick(): void {
    cancel = clock.after(ms, tick);
    task();
  }
  return () => cancel();
}
