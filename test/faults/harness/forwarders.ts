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

/** A Lease runs out in this time, one that is given up is taken in this, and a pod is replaced in this, ms. */
const TAKE_OVER_MS = 15_000;
const HAND_OVER_MS = 2_000;
const RESTART_MS = 2_000;
const RELIST_MS = 1_000;
/** How late a late event is, how long one waits for its successor, and how long two replicas lead, ms. */
const LATE_MS = 180_000;
const LONGEST_SWAP_MS = 5_000;
const SPLIT_MS = 3_000;
/** As sqsSendBatch gives a call up, ms. */
const SEND_TIMEOUT_MS = 10_000;

/** How the replicas see what happens. */
export const EVENT_FAULTS = ['swallowed', 'doubled', 'swapped', 'late', 'by-two'] as const;
export type EventFault = (typeof EVENT_FAULTS)[number];

/**
 * What becomes of a watch event: nobody hears of it; it comes twice; only after the next one; only
 * after minutes; to two replicas that both believe to lead.
 */
export type Delivery = (event: WatchEvent) => EventFault | undefined;

export interface WatchEvent {
  /** Counted over the events of a run that the workload causes; absent for others. */
  readonly index: number | undefined;
  readonly change: Change;
}

/** The forwarder of one cluster: a replica that leads, and one that stands by. */
export interface Forwarders {
  /** A pod has changed: every replica that has listed before hears of it. */
  tell(event: WatchEvent): void;
  /** The API server ends every watch, and what happened meanwhile is known to a new list alone. */
  breakWatches(): void;
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

export function startForwarders(options: {
  readonly world: VirtualWorld;
  readonly cluster: VirtualCluster;
  readonly through: Through;
  readonly delivery: Delivery;
  readonly travel: () => Promise<void>;
  /** Makes the call on SQS; its messages are in the queue then. */
  readonly send: (life: Life, batch: Parameters<SendBatch>[0]) => Promise<unknown>;
}): Forwarders {
  const { world, cluster, through, delivery, travel } = options;
  const { clock, random } = world;
  const replicas: Running[] = [];
  const held: Change[] = [];
  let leader: Running | undefined;

  /** @param last who stands back, and what it says of what it leaves unsent. */
  const elect = (last?: {
    readonly unfit: Running;
    readonly unsentSince?: number | undefined;
  }): void => {
    leader = replicas.find((running) => running !== last?.unfit) ?? replicas[0];
    if (leader === undefined) clock.after(RESTART_MS, elect);
    else leader.replica.elected(last?.unsentSince);
  };

  /** As forwarder/forwarder.ts has it: SQS takes nothing from the leader, so another is to lead. */
  const resign = (unfit: Running): void => {
    if (unfit !== leader) return;
    leader = undefined;
    const unsentSince = unfit.replica.unsentSince();
    lose(unfit);
    clock.after(HAND_OVER_MS, () => elect({ unfit, unsentSince }));
  };

  const onCrash = (died: Running): void => {
    replicas.splice(replicas.indexOf(died), 1);
    clock.after(RESTART_MS, () => void start());
    if (died !== leader) return;
    leader = undefined;
    clock.after(TAKE_OVER_MS, elect);
  };

  const start = (): Running => {
    const life = startLife('forwarder', clock, () => onCrash(running));
    const outbox = createOutbox({
      clock: life.clock,
      random,
      cluster: cluster.name,
      limit: { messages: 10_000, bytes: 64 * 1024 * 1024 },
      send: sending(life, options.send),
      sendDeadline: ELECTION_TIMES.sendDeadline,
      events: { sent() {}, failed() {}, collapsed() {}, stuck: () => resign(running) },
    });
    const replica = createReplica({
      clock: life.clock,
      cluster: cluster.name,
      outbox,
    });
    const running: Running = {
      life,
      outbox,
      replica,
      version: undefined,
      arrived: Promise.resolve(),
    };
    replicas.push(running);
    running.arrived = list(running);
    return running;
  };

  const list = async (running: Running): Promise<void> => {
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
      return list(running);
    }
    for (const object of answer) replica.onPod(podOf(object));
    replica.onListed(new Set(answer.map(({ metadata }) => metadata.uid)));
  };

  const hear = async (running: Running, change: Change, lateMs: number): Promise<void> => {
    if (lateMs > 0) {
      await sleep(running.life.clock, lateMs);
    } else {
      running.arrived = Promise.all([running.arrived, travel()]);
      await running.arrived;
    }
    if (!running.life.alive) return;
    const pod = podOf(change.object);
    if (change.type === 'DELETED') running.replica.onDeleted(pod);
    else running.replica.onPod(pod);
  };

  /** Those that had listed before hear of it. */
  const tellAll = (change: Change, lateMs = 0): void => {
    for (const running of replicas) {
      if (running.version === undefined || change.version <= running.version) continue;
      void hear(running, change, lateMs);
    }
  };

  const tellHeld = (): void => {
    for (const change of held.splice(0)) tellAll(change);
  };

  /** Both lead for a while, as a partition could have it. */
  const split = (): void => {
    for (const { replica } of replicas) replica.elected();
    clock.after(SPLIT_MS, () => {
      for (const running of replicas) if (running !== leader) lose(running);
    });
  };

  start();
  start();
  elect();

  return {
    tell(event) {
      const { change } = event;
      const fault = delivery(event);
      if (fault === 'swapped') {
        held.push(change);
        clock.after(LONGEST_SWAP_MS, tellHeld);
        return;
      }
      if (fault === 'by-two') split();
      if (fault !== 'swallowed') tellAll(change, fault === 'late' ? LATE_MS : 0);
      if (fault === 'doubled') tellAll(change);
      tellHeld();
    },
    breakWatches() {
      for (const running of replicas) {
        running.version = undefined;
        running.arrived = running.arrived.then(() => list(running));
      }
    },
  };
}

/** As forwarder/forwarder.ts has it. */
function lose({ replica, outbox }: Running): void {
  replica.lost();
  outbox.clear();
}

/** Gives a call up after ten seconds, as the forwarder's does. */
function sending(
  life: Life,
  send: (life: Life, batch: Parameters<SendBatch>[0]) => Promise<unknown>,
): SendBatch {
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
