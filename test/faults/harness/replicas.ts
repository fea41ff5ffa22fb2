import { ELECTION_TIMES } from '../../../forwarder/election/leader.ts';
import { createOutbox, type Outbox } from '../../../forwarder/outbox/outbox.ts';
import type { SendBatch } from '../../../forwarder/outbox/sender.ts';
import { createReplica, type Replica } from '../../../forwarder/replica.ts';
import type { Change } from '../../../sandbox/kubernetes/store.ts';
import { sleep } from '../../../shared/time/clock.ts';
import { podOf } from '../world/kubernetes.ts';
import type { VirtualCluster, VirtualWorld } from '../world/world.ts';
import type { Through } from './calls.ts';
import { type Life, startLife } from './life.ts';

/** A Lease runs out in this time, one that is given up is taken in this, and a pod is replaced in this. */
const TAKE_OVER_MS = 15_000;
const HAND_OVER_MS = 2_000;
const RESTART_MS = 2_000;
const RELIST_MS = 1_000;
/** How long two replicas lead. */
const SPLIT_MS = 3_000;
/** As sqsSendBatch gives a call up. */
const SEND_TIMEOUT_MS = 10_000;

/** What the replicas of one cluster's forwarder run on. */
export interface ForwarderSurroundings {
  readonly world: VirtualWorld;
  readonly cluster: VirtualCluster;
  readonly through: Through;
  /** An event is on its way to a replica. */
  readonly travel: () => Promise<void>;
  /** Makes the call on SQS; its messages are in the queue then. */
  readonly send: (life: Life, batch: Parameters<SendBatch>[0]) => Promise<unknown>;
}

interface Running {
  readonly life: Life;
  readonly outbox: Outbox;
  readonly replica: Replica;
  /** Up to which version it has listed; `undefined` before. */
  version: number | undefined;
  /** When all that it has been told of so far has arrived: the list, and then one event after the other. */
  arrived: Promise<unknown>;
}

/** The replicas of one cluster's forwarder, of which one leads. */
export interface Replicas {
  readonly surroundings: ForwarderSurroundings;
  readonly running: Running[];
  leader: Running | undefined;
}

/** Starts two replicas, and elects one. */
export function startReplicas(surroundings: ForwarderSurroundings): Replicas {
  const replicas: Replicas = { surroundings, running: [], leader: undefined };
  start(replicas);
  start(replicas);
  elect(replicas);
  return replicas;
}

/** Those that had listed before the change hear of it. */
export function tellAll(replicas: Replicas, change: Change, lateMs = 0): void {
  for (const running of replicas.running) {
    if (running.version === undefined || change.version <= running.version) continue;
    void hear(replicas, running, change, lateMs);
  }
}

/** Each lists again once what it has been told has arrived. */
export function listAgain(replicas: Replicas): void {
  for (const running of replicas.running) {
    running.version = undefined;
    running.arrived = running.arrived.then(() => list(replicas, running));
  }
}

/** All lead for a while, as a partition could have it. */
export function split(replicas: Replicas): void {
  for (const { replica } of replicas.running) replica.elected();
  replicas.surroundings.world.clock.after(SPLIT_MS, () => {
    for (const running of replicas.running) if (running !== replicas.leader) lose(running);
  });
}

function start(replicas: Replicas): void {
  const { world, cluster, send } = replicas.surroundings;
  const life = startLife('forwarder', world.clock, () => onCrash(replicas, running));
  const outbox = createOutbox({
    clock: life.clock,
    random: world.random,
    cluster: cluster.name,
    limit: { messages: 10_000, bytes: 64 * 1024 * 1024 },
    send: sending(life, send),
    sendDeadline: ELECTION_TIMES.sendDeadline,
    events: { sent() {}, failed() {}, collapsed() {}, stuck: () => resign(replicas, running) },
  });
  const replica = createReplica({ clock: life.clock, cluster: cluster.name, outbox });
  const arrived = Promise.resolve();
  const running: Running = { life, outbox, replica, version: undefined, arrived };
  replicas.running.push(running);
  running.arrived = list(replicas, running);
}

/** @param unfit who stands back. */
function elect(replicas: Replicas, unfit?: Running): void {
  const { surroundings, running } = replicas;
  replicas.leader = running.find((each) => each !== unfit) ?? running[0];
  if (replicas.leader !== undefined) replicas.leader.replica.elected();
  else surroundings.world.clock.after(RESTART_MS, () => elect(replicas));
}

/** As forwarder/forwarder.ts has it: SQS takes nothing from the leader, so another is to lead. */
function resign(replicas: Replicas, unfit: Running): void {
  if (unfit !== replicas.leader) return;
  replicas.leader = undefined;
  lose(unfit);
  const { clock } = replicas.surroundings.world;
  clock.after(HAND_OVER_MS, () => elect(replicas, unfit));
}

function onCrash(replicas: Replicas, died: Running): void {
  const { surroundings, running } = replicas;
  const { clock } = surroundings.world;
  running.splice(running.indexOf(died), 1);
  clock.after(RESTART_MS, () => start(replicas));
  if (died !== replicas.leader) return;
  replicas.leader = undefined;
  clock.after(TAKE_OVER_MS, () => elect(replicas));
}

async function list(replicas: Replicas, running: Running): Promise<void> {
  const { cluster, through } = replicas.surroundings;
  const { life, replica } = running;
  const { store } = cluster.api;
  const call = { service: 'kubernetes', name: 'watchPods' } as const;
  const answer = await through(life, call, () => {
    running.version = store.version();
    return store.list('pods');
  }).catch(() => undefined);
  if (answer === undefined) {
    running.version = undefined;
    await sleep(life.clock, RELIST_MS);
    return list(replicas, running);
  }
  for (const object of answer) replica.onPod(podOf(object));
  replica.onListed(new Set(answer.map(({ metadata }) => metadata.uid)));
}

async function hear(
  { surroundings }: Replicas,
  running: Running,
  change: Change,
  lateMs: number,
): Promise<void> {
  if (lateMs > 0) {
    await sleep(running.life.clock, lateMs);
  } else {
    running.arrived = both(running.arrived, surroundings.travel());
    await running.arrived;
  }
  if (!running.life.alive) return;
  const pod = podOf(change.object);
  if (change.type === 'DELETED') running.replica.onDeleted(pod);
  else running.replica.onPod(pod);
}

/** Keeps nothing of what they resolve with: of a chain that would be all that ever arrived. */
async function both(one: Promise<unknown>, other: Promise<unknown>): Promise<void> {
  await Promise.all([one, other]);
}

/** As forwarder/forwarder.ts has it. */
function lose({ replica, outbox }: Running): void {
  replica.lost();
  outbox.clear();
}

/** Gives a call up after ten seconds, as the forwarder's does. */
function sending(life: Life, send: ForwarderSurroundings['send']): SendBatch {
  return async (batch) => {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const cancel = life.clock.after(SEND_TIMEOUT_MS, () => reject(new Error('TimeoutError')));
    try {
      await Promise.race([send(life, batch), late]);
      return [];
    } finally {
      cancel();
    }
  };
}
