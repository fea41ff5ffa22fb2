import { setImmediate } from 'node:timers';
import type { CallBudget, Calls, ReservedCalls } from '../shared/enis/call-budget.ts';
import { assigns, WRITING_ACTIONS, type WritingAction } from '../shared/enis/writing-actions.ts';
import type { Cancel, Clock } from '../shared/time/clock.ts';

/** A node that waits to be read. */
export interface WaitingNode {
  /** What it is expected to send; nothing for a look. */
  readonly calls: Calls;
  /** When the oldest of its news was seen, ms since the epoch. */
  readonly since: number;
  /** Until when it may wait, ms of the monotonic clock. If absent, as long as any node. */
  readonly until?: number;
}

/** A node's turn. */
export interface Turn extends ReservedCalls {
  /** How many milliseconds the node waited; 0 if the budget had room at once. */
  readonly waitedMs: number;
  /** It was waited for because calls that write are scarce, and not for a read alone. */
  readonly waitedForWrites: boolean;
  /** Calls a second that are believed to be this environment's, of the scarcest action that it needs. */
  readonly perSecond: number;
}

export interface Admission {
  /** Tells of a batch of `nodes` nodes. */
  delivered(nodes: number): void;
  /**
   * Resolves when the node's turn has come: its calls are reserved, and what they rest on is read
   * after that.
   *
   * @throws NoBudgetError if that takes longer than it may; the signal's reason.
   */
  admit(node: WaitingNode, signal?: AbortSignal): Promise<Turn>;
}

/** EC2 has no tokens for this node now. */
export class NoBudgetError extends Error {
  override readonly name = 'NoBudgetError';
  /** When it may have some, ms from now. */
  readonly afterMs: number;

  constructor(afterMs: number) {
    super(`EC2's budget has no calls for this node for the next ${Math.ceil(afterMs / 1_000)} s`);
    this.afterMs = afterMs;
  }
}

/**
 * If the budget holds less than four times what the waiting nodes need, each waits until its news is
 * complete.
 */
const PLENTY = 4;
/** How long a node waits for the rest of its news. */
const PATIENCE_MS = 2_500;
/** How long a node waits inside of an execution, with all its turns together. */
export const LONGEST_WAIT_MS = 30_000;
/**
 * How long a node that only releases waits here. Then its message goes back to the queue, because
 * another execution may have calls left.
 */
const LONGEST_RELEASE_WAIT_MS = 2_000;

/** How old a node's news may become while nodes that need other actions go first. */
const OVERDUE_MS = 20_000;

/** Booking calls takes up to this. It does not count as a wait for them. */
const SHORT_MS = 100;

interface Entry extends WaitingNode {
  /** When its news is most likely complete, ms of the monotonic clock. */
  readonly completeAt: number;
  /** When it goes before all who are younger, ms of the monotonic clock. */
  readonly overdueAt: number;
  /** Those that wait for the same moment begin in the order in which they came. */
  readonly order: number;
  /** It was looked at before, and there was no room. */
  waited: boolean;
  /** Calls that write were scarce then. */
  lackedWrites: boolean;
  begin(): void;
}

/** Admits nodes, oldest first, as far as the budget reaches: see docs/design.md, "EC2's call budget". */
export function createAdmission(clock: Clock, budget: CallBudget): Admission {
  const waiting = new Set<Entry>();
  let orders = 0;
  let cancel: Cancel | undefined;
  let looksSoon = false;

  const look = (): void => {
    cancel?.();
    looksSoon = false;
    const nextMs = beginThoseDue(waiting, budget, clock.monotonic());
    for (const entry of waiting) entry.waited = true;
    cancel = nextMs < Infinity ? clock.after(Math.max(1, nextMs), look) : undefined;
  };
  /** The nodes of a batch ask at the same moment, and are looked at together. */
  const lookSoon = (): void => {
    if (!looksSoon) setImmediate(look);
    looksSoon = true;
  };

  budget.onChange(() => {
    if (waiting.size > 0) lookSoon();
  });

  return {
    delivered(nodes) {
      if (nodes > 1) budget.crowded();
    },
    admit(node, signal) {
      signal?.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<Turn>();
      const askedAt = clock.monotonic();
      const begin = (): void => {
        end();
        const elapsedMs = clock.monotonic() - askedAt;
        const waitedMs = entry.waited && elapsedMs > SHORT_MS ? elapsedMs : 0;
        const perSecond = budget.rate(node.calls);
        const reserved = budget.reserve(node.calls);
        const giveBack = (): void => {
          reserved.end();
          // What was sent counted twice until now, and what was not is there for the next.
          if (waiting.size > 0) lookSoon();
          else budget.idle();
        };
        const waitedForWrites = waitedMs > 0 && entry.lackedWrites;
        resolve({ ...reserved, end: giveBack, waitedMs, waitedForWrites, perSecond });
      };
      const refuse = (error: unknown): void => {
        end();
        reject(error);
      };
      const onAbort = (): void => refuse(signal?.reason);
      const longestMs = Math.min(longestWaitMs(node.calls), (node.until ?? Infinity) - askedAt);
      const expire = clock.after(Math.max(0, longestMs), () =>
        refuse(new NoBudgetError(Math.max(1_000, budget.waitFor(node.calls)))),
      );
      const entry: Entry = {
        ...{ ...node, ...agesOf(node, clock) },
        ...{ order: orders++, waited: false, lackedWrites: false, begin },
      };
      const end = (): void => {
        waiting.delete(entry);
        expire();
        signal?.removeEventListener('abort', onAbort);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      waiting.add(entry);
      lookSoon();
      return promise;
    },
  };
}

/** Clocks differ, and are set: news is never younger than now. */
function agesOf({ since }: WaitingNode, clock: Clock): Pick<Entry, 'completeAt' | 'overdueAt'> {
  const newsAt = clock.monotonic() - Math.max(0, clock.now() - since);
  return { completeAt: newsAt + PATIENCE_MS, overdueAt: newsAt + OVERDUE_MS };
}

function longestWaitMs(calls: Calls): number {
  const releases = actionsOf(calls).length > 0 && !assignsAny(calls);
  return releases ? LONGEST_RELEASE_WAIT_MS : LONGEST_WAIT_MS;
}

/**
 * Begins those whose turn it is. What waits for the tokens of one action holds up nobody who needs none
 * of these. Who has waited for long goes before all who are younger, whatever they need.
 *
 * @param now ms of the monotonic clock.
 * @returns when those that are left are to be looked at again, ms from now.
 */
function beginThoseDue(waiting: Iterable<Entry>, budget: CallBudget, now: number): number {
  const inTurn = [...waiting].sort((a, b) => a.since - b.since || a.order - b.order);
  const isPatient = arePatient(inTurn, budget);
  const lanes = new Map<string, Calls>();
  let overdue: Calls = {};
  let nextMs = Infinity;
  for (const entry of inTurn) {
    if (isPatient && assignsAny(entry.calls) && entry.completeAt > now) {
      entry.lackedWrites = true;
      nextMs = Math.min(nextMs, entry.completeAt - now);
      continue;
    }
    const lane = actionsOf(entry.calls).join();
    const ahead = sumOf([overdue, lanes.get(lane) ?? {}]);
    const waitMs = budget.waitFor(entry.calls, ahead);
    if (waitMs === 0) {
      entry.begin();
      continue;
    }
    entry.lackedWrites ||= budget.waitForWrites(entry.calls, ahead) > 0;
    if (!budget.want(entry.calls)) budget.crowded();
    nextMs = Math.min(nextMs, waitMs);
    if (entry.overdueAt <= now) overdue = sumOf([overdue, entry.calls]);
    else lanes.set(lane, sumOf([lanes.get(lane) ?? {}, entry.calls]));
  }
  return nextMs;
}

/**
 * Whether nodes wait for the rest of their news, as calls are scarce: half of a node's pods cost as many
 * calls as all of them. Who is alone has no need to.
 */
function arePatient(waiting: readonly WaitingNode[], budget: CallBudget): boolean {
  const assigning = waiting.map(({ calls }) => calls).filter(assignsAny);
  const isAlone = waiting.length === 1 && !budget.isCrowded();
  return assigning.length > 0 && !isAlone && budget.times(sumOf(assigning)) < PLENTY;
}

function assignsAny(calls: Calls): boolean {
  return actionsOf(calls).some(assigns);
}

function sumOf(all: readonly Calls[]): Calls {
  const sum: Partial<Record<keyof Calls, number>> = {};
  for (const calls of all) {
    for (const action of actionsOf(calls)) sum[action] = (sum[action] ?? 0) + (calls[action] ?? 0);
  }
  return sum;
}

function actionsOf(calls: Calls): WritingAction[] {
  return WRITING_ACTIONS.filter((action) => (calls[action] ?? 0) > 0);
}
