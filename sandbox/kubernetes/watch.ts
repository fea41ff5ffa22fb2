import type { Cancel, Clock } from '../../shared/time/clock.ts';
import {
  type ListOptions,
  matcherOf,
  parseVersion,
  type Selection,
  versionToRead,
} from './listing.ts';
import type { Draft } from './object.ts';
import { apiVersionOf } from './resources.ts';
import type { Matcher } from './selectors.ts';
import { type Status, StatusError } from './status.ts';
import type { Change, Store } from './store.ts';

export interface WatchOptions extends ListOptions {
  readonly allowWatchBookmarks?: boolean | undefined;
  readonly sendInitialEvents?: boolean | undefined;
  readonly timeoutSeconds?: number | undefined;
}

interface Frame {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: Draft;
}

/** How an object is told of. */
type Present = (object: Draft) => object;

/** The open watches of one API server. */
export interface Watches {
  /**
   * Opens a watch: a stream of JSON lines, with objects as `present` gives them.
   *
   * @throws StatusError 400, 504; 410 only if `goneAsStatus` is set. Otherwise 410 is the stream's one
   * ERROR event, as from the API server's watch cache.
   */
  open(selection: Selection, options: WatchOptions, present?: Present): ReadableStream<Uint8Array>;
  /** Sends a bookmark on every watch that allows them, now. */
  bookmark(): void;
  /** Ends every open watch: in order, or as a connection that breaks. */
  breakAll(how?: 'end' | 'reset'): void;
  count(): number;
  /** Answers a resourceVersion that is dropped with HTTP status 410. */
  goneAsStatus: boolean;
}

/** What a change looks like to a watch whose selector may match only before or only after. */
function frameOf(change: Change, matches: Matcher): Frame | undefined {
  const { object, previous } = change;
  const before = previous !== undefined && matches(previous);
  const after = change.type !== 'DELETED' && matches(object);
  if (after) return { type: before ? 'MODIFIED' : 'ADDED', object };
  if (!before) return undefined;
  const { resourceVersion } = object.metadata;
  return {
    type: 'DELETED',
    object: { ...previous, metadata: { ...previous.metadata, resourceVersion } },
  };
}

function bookmarkFrame(selection: Selection, version: number, initialEnd = false): Frame {
  return {
    type: 'BOOKMARK',
    object: {
      kind: selection.resource.kind,
      apiVersion: apiVersionOf(selection.resource),
      metadata: {
        resourceVersion: String(version),
        ...(initialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
      },
    },
  };
}

const encoder = new TextEncoder();

function errorStream(status: Status): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(encoder.encode(`${JSON.stringify({ type: 'ERROR', object: status })}\n`));
      controller.close();
    },
  });
}

/** What a watch sends before what is yet to come. */
function firstFrames(
  store: Store,
  selection: Selection,
  options: WatchOptions,
  staleness: number,
): Frame[] {
  const matches = matcherOf(selection);
  const { resourceVersion = '', sendInitialEvents } = options;
  const fromState = resourceVersion === '' || resourceVersion === '0' || sendInitialEvents === true;
  const from = fromState ? versionToRead(store, options, staleness) : parseVersion(resourceVersion);
  const initial = fromState
    ? store
        .list(selection.resource.name, from)
        .filter(matches)
        .map((object): Frame => ({ type: 'ADDED', object }))
    : [];
  const end = sendInitialEvents === true ? [bookmarkFrame(selection, from, true)] : [];
  const since = store
    .changesAfter(from)
    .filter((change) => change.resource === selection.resource.name)
    .map((change) => frameOf(change, matches))
    .filter((frame) => frame !== undefined);
  return [...initial, ...end, ...since];
}

interface OpenWatch {
  bookmark(): void;
  end(how: 'end' | 'reset'): void;
}

/** The watches over `store`; a bookmark goes out every `bookmarkIntervalMs`. */
export function createWatches(options: {
  readonly store: Store;
  readonly clock: Clock;
  readonly bookmarkIntervalMs: number;
  readonly staleness: () => number;
}): Watches {
  const { store, clock, bookmarkIntervalMs, staleness } = options;
  const open = new Set<OpenWatch>();

  const stream = (
    selection: Selection,
    asked: WatchOptions,
    first: readonly Frame[],
    present: Present,
  ): ReadableStream<Uint8Array> => {
    const matches = matcherOf(selection);
    const cleanUp: Cancel[] = [];
    const stop = (): void => {
      for (const cancel of cleanUp.splice(0)) cancel();
    };
    return new ReadableStream<Uint8Array>({
      start(controller) {
        const send = ({ type, object }: Frame): void => {
          const line = JSON.stringify({ type, object: present(object) });
          controller.enqueue(encoder.encode(`${line}\n`));
        };
        const watch: OpenWatch = {
          bookmark() {
            if (asked.allowWatchBookmarks) send(bookmarkFrame(selection, store.version()));
          },
          end(how) {
            stop();
            if (how === 'end') controller.close();
            else controller.error(new Error('the connection was reset'));
          },
        };
        let cancelBookmark: Cancel = () => {};
        const scheduleBookmark = (): void => {
          cancelBookmark = clock.after(bookmarkIntervalMs, () => {
            watch.bookmark();
            scheduleBookmark();
          });
        };
        for (const frame of first) send(frame);
        open.add(watch);
        if (asked.allowWatchBookmarks) scheduleBookmark();
        const timeoutMs = (asked.timeoutSeconds ?? 0) * 1000;
        cleanUp.push(
          () => open.delete(watch),
          () => cancelBookmark(),
          store.onChange((change) => {
            const frame =
              change.resource === selection.resource.name ? frameOf(change, matches) : undefined;
            if (frame !== undefined) send(frame);
          }),
          timeoutMs > 0 ? clock.after(timeoutMs, () => watch.end('end')) : () => {},
        );
      },
      cancel: stop,
    });
  };

  const watches: Watches = {
    goneAsStatus: false,
    open(selection, asked, present = (object) => object) {
      try {
        const first = firstFrames(store, selection, asked, staleness());
        return stream(selection, asked, first, present);
      } catch (error) {
        if (!(error instanceof StatusError) || error.status.code !== 410) throw error;
        if (watches.goneAsStatus) throw error;
        return errorStream(error.status);
      }
    },
    bookmark() {
      for (const watch of open) watch.bookmark();
    },
    breakAll(how = 'end') {
      for (const watch of [...open]) watch.end(how);
    },
    count: () => open.size,
  };
  return watches;
}
