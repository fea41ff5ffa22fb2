import { contextFor } from '../../../functions/context.ts';
import { sweepClusters } from '../../../functions/sweep/sweep-clusters.ts';
import type { KubeObject } from '../../../sandbox/kubernetes/object.ts';
import type { Config } from '../../../shared/config.ts';
import { deduplicationId, nodeGroup } from '../../../shared/messages/group.ts';
import type { PolicyName } from '../../../shared/plan/policy.ts';
import { nodeMessage } from '../../support/messages.ts';
import {
  createVirtualWorld,
  type NetworkName,
  type VirtualCluster,
  type VirtualWorld,
} from '../world/world.ts';
import { vanish } from './brake.ts';
import {
  type CallFault,
  callsThrough,
  type Point,
  type Schedule,
  type Through,
  type Travelling,
} from './calls.ts';
import { type Claims, trackClaims } from './claims.ts';
import { clientsOf } from './clients.ts';
import { configOf } from './config.ts';
import { type Delivery, type Forwarders, startForwarders } from './forwarders.ts';
import { type Invariants, watchInvariants } from './invariants.ts';
import { type Lambda, startLambda, type VisibleTo } from './lambda.ts';
import { startLife } from './life.ts';
import type { ForwarderSurroundings } from './replicas.ts';
import { type Rooms, watchRooms } from './room.ts';

/** As functions/sweep/handler.ts gives it. */
const SWEEP_TIMEOUT_MS = 60_000;
const SWEEP_DEADLINE_MS = 55_000;

export type Log = (line: string) => void;

/** The whole product on a virtual world, with everything that it does in sight. */
export interface Bed {
  readonly world: VirtualWorld;
  readonly claims: Claims;
  readonly invariants: Invariants;
  readonly points: readonly Point[];
  /** Absent if nobody listens. */
  readonly log: Log | undefined;
  /** Starts a sweep of all clusters; it ends by itself. */
  sweep(): void;
  /** Has each node looked at. */
  resync(): void;
  /** Every watch of every forwarder ends. */
  breakWatches(): void;
  /**
   * Pods' objects vanish from the first cluster, which no watch tells of, and the pods run on: etcd was
   * restored from a backup. Whoever watches lists again. @returns what brings the objects back.
   */
  vanish(isGone: (pod: KubeObject) => boolean): () => void;
  /** The functions are deployed anew, with this policy of all clusters. */
  deploy(policy: PolicyName): void;
  /** Something that is no message, in the group of a node. */
  sendMalformed(cluster: string, node: string): void;
}

export interface BedOptions {
  readonly clusters: readonly string[];
  readonly networks?: readonly NetworkName[];
  readonly room?: boolean;
  /** Of all clusters; default `sync`. */
  readonly policy?: PolicyName;
  readonly schedule: Schedule;
  readonly delivery: Delivery;
  readonly visibleTo?: VisibleTo;
  /** No execution environment serves twice. */
  readonly cold?: boolean;
  readonly seed?: number;
  /** Is told what happens, if somebody wants to read it. */
  readonly trace?: (line: string) => void;
  /** False: points are counted and not kept. */
  readonly keepsPoints?: boolean;
}

/** What a run has come to. */
interface Progress {
  step: number;
  /** The last step at which a read was served from behind. */
  staleAt: number;
  /** Calls whose effect happens right now. */
  effects: number;
  /** Watch events that the workload caused. */
  events: number;
  /** What changes right now in the clusters' data is told by no watch. */
  untold: boolean;
}

/** What the programs run on. */
interface Parts {
  readonly world: VirtualWorld;
  readonly config: () => Config;
  readonly claims: Claims;
  readonly invariants: Invariants;
  readonly rooms: Rooms;
  readonly through: Through;
  readonly step: () => number;
  readonly queue: (operation: string, input: object) => unknown;
  readonly log: Log | undefined;
}

export function startBed(options: BedOptions): Bed {
  const { trace, cold = false, keepsPoints = true, visibleTo = () => undefined } = options;
  const world = createVirtualWorld(options);
  const { clock, queues, clusters } = world;
  const begun = clock.now();
  const log: Log | undefined =
    trace && ((line) => trace(`${((clock.now() - begun) / 1000).toFixed(3)} ${line}`));
  const progress: Progress = { step: 0, staleAt: -1, effects: 0, events: 0, untold: false };
  const step = (): number => progress.step;
  const staleAt = (): number => progress.staleAt;
  const claims = trackClaims(step);
  let config = configOf(options, queues);
  const invariants = watchInvariants(world, claims, {
    ...{ step, staleAt },
    writers: config.ec2.writers,
  });
  const rooms = watchRooms(world, step, invariants.violate);
  const points: Point[] = [];
  const calls = callsThrough({
    clock,
    schedule: noted(options.schedule, progress, log),
    onCall: (point) => void (keepsPoints && points.push(point)),
  });
  const queue = (operation: string, input: object): unknown => {
    const answer = queues.call(operation, input);
    lambda.poke();
    return answer;
  };
  const through = inSteps(calls, progress);
  const shared = { world, config: () => config, invariants, log };
  const parts: Parts = { ...shared, claims, rooms, through, step, queue };
  const lambda: Lambda = startLambda({
    ...{ ...shared, cold, visibleTo, step, staleAt },
    clientsOf: (life) => clientsOf(parts, life),
  });
  const forwarders = [...clusters.values()].map((cluster) =>
    forward(parts, progress, cluster, options),
  );

  const breakWatches = (): void => {
    log?.('the watches break');
    for (const each of forwarders) each.breakWatches();
  };
  return {
    world,
    claims,
    invariants,
    points,
    log,
    sweep: () => sweep(parts, options.clusters),
    resync: () => resync(parts),
    breakWatches,
    vanish: (isGone) => vanish(world, progress, { isGone, breakWatches, log }),
    deploy(policy) {
      log?.(`deployed with the policy ${policy}`);
      config = configOf({ ...options, policy }, queues);
      lambda.retire();
    },
    sendMalformed: (cluster, node) =>
      void queue('SendMessage', entryOf(queues.queueUrl, cluster, node, { version: 0 })),
  };
}

/** The schedule, with what it decides noted. */
function noted(schedule: Schedule, progress: Progress, log: Log | undefined): Schedule {
  return {
    ...schedule,
    fault(point) {
      const fault = schedule.fault(point);
      log?.(`${point.index} ${point.program} ${point.name}${faultText(fault)}`);
      return fault;
    },
    view(point, now) {
      const view = schedule.view(point, now);
      if (view.kind !== 'none') progress.staleAt = progress.step;
      return view;
    },
  };
}

/** Each effect is a step. Nothing of the workload happens within one. */
function inSteps(through: Through, progress: Progress): Through {
  return (life, call, effect) =>
    through(life, call, (view, garbled) => {
      progress.step += 1;
      progress.effects += 1;
      try {
        return effect(view, garbled);
      } finally {
        progress.effects -= 1;
      }
    });
}

/** Starts the forwarder of a cluster, and has it and the invariants hear of what changes there. */
function forward(
  { world, claims, invariants, through, queue, log }: Parts,
  progress: Progress,
  cluster: VirtualCluster,
  { schedule, delivery }: BedOptions,
): Forwarders {
  const send: ForwarderSurroundings['send'] = (life, batch) =>
    through(life, { service: 'sqs', name: 'SendMessageBatch' }, () =>
      queue('SendMessageBatch', {
        QueueUrl: world.queues.queueUrl,
        Entries: batch.map(({ group, deduplicationId: id, body }, index) => ({
          Id: String(index),
          MessageGroupId: group,
          MessageDeduplicationId: id,
          MessageBody: body,
        })),
      }),
    );
  const travel = (): Promise<void> => schedule.travel(WATCH, world.clock);
  const forwarders = startForwarders({ world, cluster, through, travel, send }, delivery);
  cluster.api.store.onChange((change) => {
    if (change.resource === 'network-attachment-definitions') invariants.changePlace();
    if (change.resource === 'eniledgers') {
      const { ours } = invariants;
      if (progress.effects > 0) ours.written(change);
      else ours.tampered(change.object.metadata.name);
      return;
    }
    if (change.resource !== 'pods') return;
    progress.step += 1;
    const { metadata } = change.object;
    if (progress.untold) {
      claims.vanish(metadata.uid, world.clock.now());
      return;
    }
    if (change.type === 'DELETED') claims.remove(metadata.uid);
    else claims.put(cluster.name, change.object, change.previous);
    invariants.told(change);
    const { effects, events } = progress;
    const own = effects === 0;
    if (own) log?.(`${change.type} ${metadata.namespace}/${metadata.name} (event ${events})`);
    forwarders.tell({ index: own ? events : undefined, change });
    if (own) progress.events += 1;
  });
  return forwarders;
}

function sweep(parts: Parts, clusters: readonly string[]): void {
  const { world, log } = parts;
  const config = parts.config();
  const life = startLife('sweep', world.clock);
  const telemetry = {
    info() {},
    warn() {},
    metric() {},
    error: (text: string, _subject: unknown, error: unknown) => log?.(`${text}: ${error}`),
  };
  const context = contextFor(config, clientsOf(parts, life), { clock: life.clock, telemetry });
  const cancel = world.clock.after(SWEEP_TIMEOUT_MS, life.kill);
  log?.('a sweep begins');
  void sweepClusters(context, clusters, SWEEP_DEADLINE_MS)
    .catch((error: unknown) => log?.(`the sweep failed: ${error}`))
    .finally(cancel);
}

function resync({ world: { clock, clusters, queues }, queue }: Parts): void {
  for (const cluster of clusters.values()) {
    for (const { metadata } of cluster.api.objects.list('nodes')) {
      const observedAt = new Date(clock.now()).toISOString();
      const body = nodeMessage({ cluster: cluster.name, node: metadata.name, observedAt });
      queue('SendMessage', entryOf(queues.queueUrl, cluster.name, metadata.name, body));
    }
  }
}

const WATCH: Travelling = { index: -1, service: 'kubernetes', name: 'watch' };

const faultText = (fault?: CallFault): string => (fault === undefined ? '' : ` ← ${fault}`);

function entryOf(QueueUrl: string, cluster: string, node: string, body: object): object {
  return {
    QueueUrl,
    MessageBody: JSON.stringify(body),
    MessageGroupId: nodeGroup(cluster, node),
    MessageDeduplicationId: deduplicationId(),
  };
}
