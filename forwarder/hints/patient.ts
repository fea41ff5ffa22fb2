import type { Clock } from '../../shared/time/clock.ts';
import { createFlapping } from './flapping.ts';
import { createGatherReleases } from './gather-releases.ts';
import { addAll } from './news.ts';
import { createPaced } from './paced.ts';
import type { Hint } from './pod-index.ts';
import { createWaitingNews, type Gathered, type WaitingNews } from './waiting.ts';

/** So long a claim of an address that others claim waits for the node's other pods that start, ms. */
const STARTING_MS = 2_000;

/** So many changes of one pod are told to others at once: that it comes, terminates and goes, and one more; then one in 20 s. */
const CAUSED = { atOnce: 4, eachMs: 20_000 } as const;
/** So many events of a pod that lives are no change: it comes, floating and attached addresses, and one more; then one in 30 min. */
const STARTS = { atOnce: 4, eachMs: 30 * 60_000 } as const;
/** So long news waits whose cause is a pod of another node that changes again and again, ms. */
const FLAPPING_MS = 20_000;

/** News that may wait for more of its node. */
export interface Patient extends Omit<WaitingNews, 'add'> {
  /** Notes that a pod's change is told to other nodes. @returns whether they are to `wait`, as it changes again and again. */
  flaps(uid: string): boolean;
  /** Keeps news of a node until it is told something else, for a while at most. */
  wait(node: string, news: readonly Hint[]): void;
  /** Takes the news of a pod that changes, if its namespace is over its bound. @returns whether it waits. */
  pace(node: string, news: readonly Hint[]): boolean;
  /** Takes news of a node, if they may wait. @returns whether they do. */
  add(node: string, news: readonly Hint[]): boolean;
}

export function createPatient(options: {
  readonly clock: Clock;
  /** Whether a pod of the node terminates. */
  readonly terminates: (node: string) => boolean;
  /** Whether a pod of the node is about to claim addresses. */
  readonly starts: (node: string) => boolean;
  readonly deliver: (node: string, gathered: Gathered) => void;
}): Patient {
  const { clock, terminates, starts, deliver } = options;
  const deliverWhole = (node: string, gathered: Gathered): void =>
    deliver(node, together(gathered, take(node)));
  const releases = createGatherReleases({
    clock,
    isRestless: (node) => terminates(node) || starts(node),
    deliver: deliverWhole,
  });
  const claims = createWaitingNews({ clock, longestMs: STARTING_MS, deliver: deliverWhole });
  const flapping = createFlapping(clock, CAUSED);
  const changing = createFlapping(clock, STARTS);
  const ofFlapping = createWaitingNews({ clock, longestMs: FLAPPING_MS, deliver: deliverWhole });
  const paced = createPaced({ clock, deliver: deliverWhole });
  const all = [releases, claims, ofFlapping, paced];
  const take = (node: string): Gathered | undefined =>
    all
      .map((each) => each.take(node))
      .filter((gathered) => gathered !== undefined)
      .reduce<Gathered | undefined>(
        (sum, each) => (sum === undefined ? each : together(sum, each)),
        undefined,
      );
  return {
    flaps: flapping.note,
    wait: ofFlapping.add,
    pace(node, news) {
      const [{ ends, pod } = {}] = news;
      if (news.length !== 1 || pod === undefined || ends || pod.event === 'delete') return false;
      return changing.note(pod.uid) && paced.add(pod.namespace, node, news);
    },
    add(node, news) {
      const allWaitFor = (what: Hint['waitsFor']) =>
        news.every(({ waitsFor }) => waitsFor === what);
      const releasing = allWaitFor('releases');
      const waits = releasing || (starts(node) && allWaitFor('starting'));
      if (waits) (releasing ? releases : claims).add(node, news);
      return waits;
    },
    take,
    flush(nodes) {
      for (const each of all) each.flush(nodes);
    },
    clear() {
      for (const each of all) each.clear();
      flapping.clear();
      changing.clear();
    },
  };
}

function together(one: Gathered, other: Gathered | undefined): Gathered {
  if (other === undefined) return one;
  addAll(one.batch, other.batch);
  return { since: Math.min(one.since, other.since), batch: one.batch };
}
