import type { Logger } from 'pino';
import type { ApiTransport } from '../shared/cluster/transport.ts';
import type { Clock, Random } from '../shared/time/clock.ts';
import { createFitness, type Fitness } from './election/fitness.ts';
import { type Election, type ElectionTimes, joinElection } from './election/leader.ts';
import { leaseAt } from './election/leases.ts';
import { serveHealth } from './health.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import type { Limit } from './outbox/groups.ts';
import { createOutbox, type Outbox, type OutboxEvents } from './outbox/outbox.ts';
import type { SendBatch } from './outbox/sender.ts';
import { createReplica, type Replica } from './replica.ts';
import { type WatchEvents, watchPods } from './watch/watch-pods.ts';

const HEARTBEAT_MS = 60_000;
/** How long an ending forwarder sends what waits. By default, Kubernetes gives a terminating pod 30 s. */
const DRAIN_MS = 15_000;

export interface ForwarderOptions {
  readonly cluster: string;
  readonly kube: ApiTransport;
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
 * @throws an Error if HTTP can't be served.
 */
export async function startForwarder(options: ForwarderOptions): Promise<Forwarder> {
  const { kube, clock, random, log } = options;
  const ended = new AbortController();
  const sender = createSender(options, ended.signal);
  const { fitness, metrics, outbox, replica } = sender;
  const health = await serveHealth({
    ...options.http,
    registry: metrics.registry,
    notReady: () => (replica.listed() ? fitness.problem() : 'the pods are not listed yet'),
  });
  const election = sender.join();
  const events = watchEvents({ metrics, log, fitness });
  const sink = { ...replica, onListed: logList(replica, log) };
  const watching = watchPods({ kube, sink, events, clock, random, signal: ended.signal });
  const stopBeating = every(clock, HEARTBEAT_MS, sender.beat);

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
        log.error({ outbox: outbox.size() }, 'messages are left unsent: SQS did not take them');
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

/**
 * Sends while this replica leads. If it is not fit to lead, it gives the lead up, unless it ends anyway.
 */
function createSender(options: ForwarderOptions, ended: AbortSignal) {
  const { cluster, clock, random, log, electionTimes: times } = options;
  const fitness = createFitness(clock, random, times);
  let election: Election | undefined;
  const metrics = createMetrics({
    pods: () => replica.counts().pods,
    nodes: () => replica.counts().nodes,
    outboxMessages: () => outbox.size().messages,
    outboxBytes: () => outbox.size().bytes,
    leader: () => election?.leading() === true,
    lastEventAgeSeconds: fitness.lastEventAgeSeconds,
  });
  const resign = (reason: 'sqs' | 'blind'): void => {
    if (ended.aborted || election?.leading() !== true) return;
    metrics.resignations.inc({ reason });
    log.error({ problem: fitness.problem() }, 'not fit to lead: another replica is to send');
    election.resign();
  };
  const outbox = createOutbox({
    ...options,
    limit: options.outboxLimit,
    sendDeadline: times.sendDeadline,
    events: outboxEvents(metrics, log, fitness, () => resign('sqs')),
  });
  const replica = createReplica({
    ...{ clock, cluster, outbox },
    onBeyond(beyond) {
      metrics.beyond.inc({ namespace: beyond.namespace }, beyond.addresses);
      log.warn(
        beyond,
        'a namespace claims too many addresses: not all are kept, their node is looked at',
      );
    },
  });

  return {
    fitness,
    metrics,
    outbox,
    replica,
    join(): Election {
      const { namespace, name } = options.lease;
      const leases = leaseAt(options.kube, namespace, name);
      const events = electionEvents({ replica, outbox, metrics, log });
      election = joinElection({
        ...options,
        ...events,
        leases,
        times,
        reluctance: fitness.reluctance,
      });
      return election;
    },
    beat(): void {
      // Who does not see the pods does not lead, and so tells nobody that they are watched.
      if (fitness.blind()) resign('blind');
      replica.beat();
    },
  };
}

function electionEvents(context: {
  readonly replica: Replica;
  readonly outbox: Outbox;
  readonly metrics: Metrics;
  readonly log: Logger;
}): Pick<Parameters<typeof joinElection>[0], 'onElected' | 'onLost' | 'onError'> {
  const { replica, outbox, metrics, log } = context;
  return {
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
  };
}

function watchEvents(context: {
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly fitness: Fitness;
}): WatchEvents {
  const { metrics, log, fitness } = context;
  return {
    connected: fitness.sees,
    received(type) {
      fitness.heard();
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

function outboxEvents(
  metrics: Metrics,
  log: Logger,
  fitness: Fitness,
  resign: () => void,
): OutboxEvents {
  return {
    sent(messages) {
      fitness.sent();
      metrics.sent.inc(messages);
    },
    failed(reason, messages) {
      metrics.sendFailures.inc({ reason }, messages);
      log.warn({ reason, messages }, 'SQS did not take messages; sending them again');
    },
    collapsed(node, messages) {
      metrics.collapses.inc();
      log.warn({ node, messages }, 'too much waits to be sent: these messages became one resync');
    },
    stuck() {
      fitness.stuck();
      resign();
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
