import { contextFor } from '../../../functions/context.ts';
import { sweepClusters } from '../../../functions/sweep/sweep-clusters.ts';
import { configFrom } from '../../../shared/config.ts';
import { deduplicationId, nodeGroup } from '../../../shared/messages/group.ts';
import type { NodeMessage } from '../../../shared/messages/schema.ts';
import { REGION } from '../world/ec2.ts';
import { createVirtualWorld, type NetworkName, type VirtualWorld } from '../world/world.ts';
import {
  type CallFault,
  callsThrough,
  type Point,
  type Schedule,
  type Through,
  type Travelling,
} from './calls.ts';
import { type Claims, trackClaims } from './claims.ts';
import { type Delivery, type Forwarders, startForwarders } from './forwarders.ts';
import { type Invariants, watchInvariants } from './invariants.ts';
import { type Lambda, startLambda, type VisibleTo } from './lambda.ts';
import { startLife } from './life.ts';
import { outsideOf } from './outside.ts';

/** As functions/sweep/handler.ts gives it, ms. */
const SWEEP_TIMEOUT_MS = 60_000;
const SWEEP_DEADLINE_MS = 55_000;

export type Log = (line: string) => void;

/** The whole product on a virtual world, with everything that it does in sight. */
export interface Stage {
  readonly world: VirtualWorld;
  readonly claims: Claims;
  readonly invariants: Invariants;
  readonly points: readonly Point[];
  /** Absent where nobody listens. */
  readonly log: Log | undefined;
  /** Starts a sweep of all clusters; it ends by itself. */
  sweep(): void;
  /** Has each node looked at. */
  resync(): void;
  /** Every watch of every forwarder ends. */
  breakWatches(): void;
  /** Something that is no message, in the group of a node. */
  sendMalformed(cluster: string, node: string): void;
}

export interface StageOptions {
  readonly clusters: readonly string[];
  readonly networks?: readonly NetworkName[];
  readonly schedule: Schedule;
  readonly delivery: Delivery;
  readonly visibleTo?: VisibleTo;
  /** No execution environment serves twice. */
  readonly cold?: boolean;
  readonly seed?: number;
  /** Is told what happens, where somebody wants to read it. */
  readonly trace?: (line: string) => void;
  /** False: points are counted and not kept. */
  readonly keepsPoints?: boolean;
}

export function startStage(options: StageOptions): Stage {
  const { schedule, delivery, trace, cold = false, keepsPoints = true } = options;
  const world = createVirtualWorld(options);
  const { clock, queues } = world;
  const begun = clock.now();
  const log: Log | undefined =
    trace && ((line) => trace(`${((clock.now() - begun) / 1000).toFixed(3)} ${line}`));
  let step = 0;
  let staleAt = -1;
  const claims = trackClaims(() => step);
  const invariants = watchInvariants(world, claims, { step: () => step, staleAt: () => staleAt });
  const points: Point[] = [];
  let effects = 0;

  const noted: Schedule = {
    ...schedule,
    fault(point) {
      const fault = schedule.fault(point);
      log?.(`${point.index} ${point.program} ${point.name}${faultText(fault)}`);
      return fault;
    },
    view(point, now) {
      const view = schedule.view(point, now);
      if (view.kind !== 'none') staleAt = step;
      return view;
    },
  };
  const through = callsThrough({
    clock,
    schedule: noted,
    onCall: (point) => void (keepsPoints && points.push(point)),
  });
  /** Nothing of the workload happens within an effect. */
  const stepping: Through = (life, call, effect) =>
    through(life, call, (view) => {
      step += 1;
      effects += 1;
      try {
        return effect(view);
      } finally {
        effects -= 1;
      }
    });
  const queue = (operation: string, input: object): unknown => {
    const answer = queues.call(operation, input);
    lambda.poke();
    return answer;
  };
  const parts = { world, through: stepping, invariants, step: () => step, queue };
  const config = configFrom({
    AWS_REGION: REGION,
    CLUSTERS: JSON.stringify(options.clusters.map((name) => ({ name }))),
    QUEUE_URL: queues.queueUrl,
    DEAD_LETTER_QUEUE_URL: queues.deadLetterQueueUrl,
  });
  const lambda: Lambda = startLambda({
    world,
    config,
    invariants,
    log,
    cold,
    visibleTo: options.visibleTo ?? (() => undefined),
    step: () => step,
    staleAt: () => staleAt,
    outsideOf: (life) => outsideOf(parts, life),
  });

  let events = 0;
  const forwarders = new Map<string, Forwarders>();
  for (const cluster of world.clusters.values()) {
    const { name, api } = cluster;
    forwarders.set(
      name,
      startForwarders({
        world,
        cluster,
        through: stepping,
        delivery,
        travel: () => schedule.travel(WATCH, clock),
        send: (life, batch) =>
          stepping(life, { service: 'sqs', name: 'SendMessageBatch' }, () =>
            queue('SendMessageBatch', {
              QueueUrl: queues.queueUrl,
              Entries: batch.map(({ group, deduplicationId: id, body }, index) => ({
                Id: String(index),
                MessageGroupId: group,
                MessageDeduplicationId: id,
                MessageBody: body,
              })),
            }),
          ),
      }),
    );
    api.store.onChange((change) => {
      if (change.resource === 'network-attachment-definitions') invariants.changePlace();
      if (change.resource !== 'pods') return;
      step += 1;
      const { metadata } = change.object;
      if (change.type === 'DELETED') claims.remove(metadata.uid);
      else claims.put(name, change.object, change.previous);
      const own = effects === 0;
      if (own) log?.(`${change.type} ${metadata.namespace}/${metadata.name} (event ${events})`);
      forwarders.get(name)?.tell({ index: own ? events : undefined, change });
      if (own) events += 1;
    });
  }

  return {
    world,
    claims,
    invariants,
    points,
    log,
    sweep() {
      const life = startLife('sweep', clock);
      const telemetry = {
        info() {},
        warn() {},
        metric() {},
        error: (text: string, _subject: unknown, error: unknown) => log?.(`${text}: ${error}`),
      };
      const context = contextFor(config, outsideOf(parts, life), { clock: life.clock, telemetry });
      const cancel = clock.after(SWEEP_TIMEOUT_MS, life.kill);
      log?.('a sweep begins');
      void sweepClusters(context, options.clusters, SWEEP_DEADLINE_MS)
        .catch((error: unknown) => log?.(`the sweep failed: ${error}`))
        .finally(cancel);
    },
    resync() {
      for (const cluster of world.clusters.values()) {
        for (const { metadata } of cluster.api.objects.list('nodes')) {
          const body: NodeMessage = {
            version: 1,
            cluster: cluster.name,
            node: metadata.name,
            reason: 'resync',
            observedAt: new Date(clock.now()).toISOString(),
            pods: [],
          };
          queue('SendMessage', entryOf(queues.queueUrl, cluster.name, metadata.name, body));
        }
      }
    },
    breakWatches() {
      log?.('the watches break');
      for (const each of forwarders.values()) each.breakWatches();
    },
    sendMalformed: (cluster, node) =>
      void queue('SendMessage', entryOf(queues.queueUrl, cluster, node, { version: 0 })),
  };
}

const WATCH: Travelling = { index: -1, service: 'kubernetes', name: 'watch' };

function faultText(fault: CallFault | undefined): string {
  return fault === undefined ? '' : ` ← ${fault}`;
}

function entryOf(QueueUrl: string, cluster: string, node: string, body: object): object {
  return {
    QueueUrl,
    MessageBody: JSON.stringify(body),
    MessageGroupId: nodeGroup(cluster, node),
    MessageDeduplicationId: deduplicationId(),
  };
}
