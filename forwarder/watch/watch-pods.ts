import * as z from 'zod';
import type { Pod, PodRef } from '../../shared/cluster/kubernetes.ts';
import {
  type ListMetadata,
  type PageOfList,
  pageSize,
  readPage,
} from '../../shared/cluster/list.ts';
import { PATHS, withQuery } from '../../shared/cluster/paths.ts';
import { podFromObject } from '../../shared/cluster/pods.ts';
import { readItems } from '../../shared/cluster/read-items.ts';
import {
  AnswerTooLongError,
  ApiError,
  type ApiTransport,
  readLines,
} from '../../shared/cluster/transport.ts';
import { pauseAfter } from '../../shared/time/back-off.ts';
import { type Clock, type Random, sleep } from '../../shared/time/clock.ts';

const PAGE_SIZE = 250;
/**
 * How long a line of a watch may be. etcd holds objects of 1.5 MiB by default; their JSON is longer,
 * but never ten times.
 */
const LONGEST_LINE = 16 * 1024 * 1024;
const PAGE_TIMEOUT_MS = 60_000;
/** How long the API server is asked to keep a watch open: this, up to twice as long. */
const WATCH_SECONDS = 240;
/** In milliseconds. */
const BACK_OFF = { first: 200, most: 10_000, jitter: 0.5 };
/** A watch that was open for this long was no failure, even if nothing happened. */
const HEALTHY_WATCH_MS = 5_000;

/** Takes pods, in the order in which the API server tells of them. */
export interface PodSink {
  /** @param listed it comes from a list: what it was before ended unseen. */
  onPod(pod: Pod, listed?: true): void;
  onDeleted(pod: PodRef): void;
  /** A list is complete: `uids` are all pods that there are. */
  onListed(uids: ReadonlySet<string>): void;
}

/** What the watch tells about itself, for metrics, log and readiness. */
export interface WatchEvents {
  /** A watch is open (true), or the last one has ended or failed (false). */
  connected(open: boolean): void;
  /** A watch event of this type came. */
  received(type: string): void;
  /** The list begins anew because changes since the last one may have been missed. */
  relist(reason: string): void;
  /** One object can't be read; it is left as it was. */
  unreadable(detail: string): void;
  /** The API server could not be asked; it will be, after `delayMs` milliseconds. */
  failed(error: Error, delayMs: number): void;
}

/** What happened since a resourceVersion can no longer be told, or can't be read. */
class Stale extends Error {
  override readonly name = 'Stale';
}

const listed = z.object({ resourceVersion: z.string().min(1) });
const watchEvent = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.looseObject({
    metadata: z.looseObject({ resourceVersion: z.string().optional() }).optional(),
  }),
});
const status = z.object({ code: z.number(), reason: z.string().optional() });
const identity = z.object({ metadata: z.object({ uid: z.string() }) });

/**
 * Lists and watches the pods of all namespaces until `signal` is aborted. A watch that breaks is
 * resumed from its last version. If that is no longer possible, the pods are listed again. Objects are
 * handed on one by one, and never kept.
 *
 * @throws nothing: what fails is told to `events` and tried again, ever more slowly.
 */
export async function watchPods(options: {
  readonly kube: ApiTransport;
  readonly sink: PodSink;
  readonly events: WatchEvents;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { events, clock, random, signal } = options;
  const position: Position = { resourceVersion: undefined };
  let failures = 0;
  while (!signal.aborted) {
    const from = position.resourceVersion;
    const begun = clock.now();
    const error = await listOrWatch(options, position).then(
      () => undefined,
      (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown))),
    );
    if (signal.aborted) return;
    const moved = position.resourceVersion !== from;
    const watched = from !== undefined && (moved || clock.now() - begun >= HEALTHY_WATCH_MS);
    if (watched) failures = 0;
    if (error === undefined && (watched || from === undefined)) continue;
    const stale = isStale(error);
    const delayMs = stale && failures === 0 ? 0 : pauseAfter(failures + 1, BACK_OFF, random);
    failures += 1;
    if (stale) {
      events.relist(error.message);
      position.resourceVersion = undefined;
    } else if (error !== undefined) {
      events.failed(error, delayMs);
    }
    await sleep(clock, delayMs, signal).catch(() => undefined);
  }
}

interface Position {
  /** Up to where the pods are known; `undefined` before the first list. */
  resourceVersion: string | undefined;
}

type Options = Parameters<typeof watchPods>[0];

async function listOrWatch(options: Options, position: Position): Promise<void> {
  if (position.resourceVersion === undefined) {
    position.resourceVersion = await list(options);
    return;
  }
  try {
    await watch(options, position, position.resourceVersion);
  } finally {
    options.events.connected(false);
  }
}

/** Returns the resourceVersion that the list shows. */
async function list({ kube, sink, events, signal }: Options): Promise<string> {
  const uids: (string | undefined)[] = [];
  const each = (item: unknown): boolean => {
    uids.push(identity.safeParse(item).data?.metadata.uid);
    const pod = read(item, events);
    if (pod !== undefined) sink.onPod(pod, true);
    return true;
  };
  const size = pageSize(PAGE_SIZE);
  let next: Pick<PageOfList, 'continue'> = {};
  for (;;) {
    const metadata: ListMetadata | undefined = await readPage(
      async (query, counted) => {
        // No resourceVersion: a consistent read, never older than what was seen before.
        const path = withQuery(PATHS.pods, { ...query });
        const timed = AbortSignal.any([signal, AbortSignal.timeout(PAGE_TIMEOUT_MS)]);
        return readItems(
          await kube({ path, takesGzip: true, signal: timed }),
          `GET ${path}`,
          counted,
        );
      },
      size,
      next,
      // A pod of a first page that was too long may be gone when the page is read again.
      {
        each,
        again(count) {
          uids.length -= count;
        },
      },
    );
    if (metadata?.continue) {
      next = { continue: metadata.continue };
      continue;
    }
    const { resourceVersion } = listed.parse(metadata);
    sink.onListed(new Set(uids.filter((uid) => uid !== undefined)));
    return resourceVersion;
  }
}

async function watch(options: Options, position: Position, from: string): Promise<void> {
  const { kube, events, random, signal } = options;
  const seconds = Math.round(WATCH_SECONDS * (1 + random()));
  const path = withQuery(PATHS.pods, {
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: from,
    timeoutSeconds: seconds,
  });
  // The API server ends the watch; this is for one that forgot.
  const timed = AbortSignal.any([signal, AbortSignal.timeout((seconds + 30) * 1_000)]);
  const response = await kube({ path, signal: timed });
  events.connected(true);
  for await (const line of readLines(response, LONGEST_LINE)) {
    if (signal.aborted) return;
    position.resourceVersion = handle(line, options) ?? position.resourceVersion;
  }
}

/** Returns the resourceVersion up to which the pods are known now. */
function handle(line: string, { sink, events }: Options): string | undefined {
  const { type, object } = readEvent(line);
  events.received(type);
  if (type === 'ERROR') throw errorOf(object);
  if (type !== 'BOOKMARK') {
    const pod = read(object, events);
    if (pod !== undefined && type === 'DELETED') sink.onDeleted(pod);
    else if (pod !== undefined) sink.onPod(pod);
  }
  return object.metadata?.resourceVersion;
}

function readEvent(line: string): z.infer<typeof watchEvent> {
  try {
    return watchEvent.parse(JSON.parse(line));
  } catch (error) {
    throw new Stale(`a line of the watch can't be read: ${error}`);
  }
}

function errorOf(object: unknown): Error {
  const { code, reason } = status.catch({ code: 0 }).parse(object);
  const detail = `the watch ended with an error: ${code} ${reason ?? ''}`;
  return code === 410 ? new Stale(detail) : new Error(detail);
}

function read(object: unknown, events: WatchEvents): Pod | undefined {
  try {
    return podFromObject(object);
  } catch (error) {
    events.unreadable(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

/**
 * 410 Gone: "clients must handle this by clearing their local cache and listing again"
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#410-gone-responses).
 * 400 is what a resourceVersion of another etcd gets.
 */
function isStale(error: Error | undefined): error is Error {
  if (error instanceof ApiError) return error.code === 410 || error.code === 400;
  return error instanceof Stale || error instanceof AnswerTooLongError;
}
