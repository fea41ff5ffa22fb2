import * as z from 'zod';
import { refusalOf } from './errors.ts';
import { parseObject } from './malformed.ts';
import { AnswerTooLongError } from './transport.ts';

/** How often a list is begun anew because its pages expired, before that is an error. */
const MAX_RESTARTS = 3;
/** A page of more characters is asked for again with fewer items: 500 Nodes of the usual length have 8 Mi. */
export const LONGEST_PAGE = 32 * 1024 * 1024;
/** How many characters a page of large objects is to have. */
const WANTED_PAGE = 8 * 1024 * 1024;

/** How many times as many items the next page has at most, and a part of which after one that did not come. */
const GROWTH = 4;

/** Which part of a list is asked for. */
export interface PageOfList {
  /** How many items it has at most. */
  readonly limit: number;
  /** Where the page begins, as the page before it says. */
  readonly continue?: string;
}

/**
 * Is given each item of a page, and how many characters of JSON it had.
 *
 * @returns whether to go on: of a page that is longer than what was needed the rest is left unread.
 */
export type EachItem = (item: unknown, length: number) => boolean;

/** A page that was read, but for its items. */
export interface PageRead {
  /** The list as it was answered, without its items; absent if its rest was left unread. */
  readonly list?: unknown;
  /** How many characters it had. */
  readonly length: number;
}

/**
 * Reads one page.
 *
 * @throws AnswerTooLongError for a page of more than LONGEST_PAGE characters, and whatever else fails.
 */
export type ReadPage = (query: PageOfList, each: EachItem) => Promise<PageRead>;

/** How many items the next page of a kind's list is asked for. */
export interface PageSize {
  limit(): number;
  /** @returns whether a page of fewer items can be asked for. */
  tooLong(items: number): boolean;
  /** A page did not come in time. */
  tooSlow(): void;
  read(items: number, length: number): void;
}

/**
 * An API server bounds a page by the number of its items alone. So the next page is as large as the items
 * of the last one allow, also in the next list.
 *
 * @param most items, of which a page has WANTED_PAGE characters or less as long as they have the usual length.
 * @param first of the first page of all.
 */
export function pageSize(most: number, first: number = most): PageSize {
  let limit = first;
  return {
    limit: () => limit,
    tooLong(items) {
      if (limit === 1) return false;
      const fitting = Math.floor(items * (WANTED_PAGE / LONGEST_PAGE));
      limit = Math.max(1, Math.min(fitting, limit - 1));
      return true;
    },
    tooSlow() {
      limit = Math.max(1, Math.floor(limit / GROWTH));
    },
    read(items, length) {
      // If the items become smaller again, the pages grow step by step, because the next items may be
      // large.
      if (items > 0)
        limit = clamp(Math.floor(items * (WANTED_PAGE / length)), limit * GROWTH, most);
    },
  };
}

function clamp(wanted: number, ...most: readonly number[]): number {
  return Math.max(1, Math.min(wanted, ...most));
}

const listed = z.object({
  metadata: z.object({
    continue: z.string().nullish(),
    resourceVersion: z.string().optional(),
  }),
  items: z.array(z.unknown()),
});
export type ListMetadata = z.output<typeof listed>['metadata'];

export interface ItemSink {
  readonly each: EachItem;
  /** The last `count` items are given again. */
  readonly again: (count: number) => void;
}

/**
 * Reads the page of a list that begins where it is told, in as many tries as its length needs.
 *
 * @returns `undefined` if the rest of it was left unread.
 * @throws what `page` throws, and MalformedObjectError for what is no list.
 */
export async function readPage(
  page: ReadPage,
  size: PageSize,
  where: Pick<PageOfList, 'continue'>,
  { each, again }: ItemSink,
): Promise<ListMetadata | undefined> {
  for (;;) {
    let items = 0;
    const counted: EachItem = (item, length) => {
      items += 1;
      return each(item, length);
    };
    try {
      const { list, length } = await page({ limit: size.limit(), ...where }, counted);
      size.read(items, length);
      return list === undefined ? undefined : parseObject('list', listed, list).metadata;
    } catch (error) {
      // Not again at once: an API server that is in trouble would have a caller wait many times as long.
      if (error instanceof Error && error.name === 'TimeoutError') size.tooSlow();
      if (!(error instanceof AnswerTooLongError && size.tooLong(items))) throw error;
      again(items);
    }
  }
}

/** How a list is read. */
export interface Listing<T> {
  readonly page: ReadPage;
  readonly parse: (item: unknown, length: number) => T;
  /** Absent: pages of 500 items at most, as client-go pages. */
  readonly size?: PageSize;
}

/**
 * Reads all pages of a list, and keeps of each item what `parse` makes of it. If the API server has
 * forgotten the snapshot of the pages (410 Gone), the list begins anew. To go on from the latest state
 * would be no consistent read
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks).
 *
 * @throws what `page` or `parse` throws: a list is whole or not at all.
 */
export async function listAll<T>(listing: Listing<T>): Promise<T[]> {
  return (await listUntil(listing, () => false)).items;
}

/**
 * As listAll, but reads no further item once it is told that what it read is enough.
 *
 * @param isEnough is asked after each item.
 */
export async function listUntil<T>(
  listing: Listing<T>,
  isEnough: (items: readonly T[]) => boolean,
): Promise<PartOfList<T>> {
  const size = listing.size ?? pageSize(500);
  for (let restarts = 0; ; restarts++) {
    try {
      return await readPages(listing, size, isEnough);
    } catch (error) {
      if (refusalOf(error)?.code !== 410 || restarts >= MAX_RESTARTS) throw error;
    }
  }
}

/** What was read of a list. */
export interface PartOfList<T> {
  readonly items: T[];
  readonly isComplete: boolean;
}

async function readPages<T>(
  { page, parse }: Listing<T>,
  size: PageSize,
  isEnough: (items: readonly T[]) => boolean,
): Promise<PartOfList<T>> {
  const all: T[] = [];
  const sink: ItemSink = {
    each(item, length) {
      all.push(parse(item, length));
      return !isEnough(all);
    },
    again(count) {
      all.length -= count;
    },
  };
  let where: Pick<PageOfList, 'continue'> | undefined = {};
  while (where !== undefined) {
    const read: ListMetadata | undefined = await readPage(page, size, where, sink);
    if (read === undefined) return { items: all, isComplete: false };
    where = read.continue ? { continue: read.continue } : undefined;
  }
  return { items: all, isComplete: true };
}
