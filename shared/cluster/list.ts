import * as z from 'zod';
import { refusalOf } from './errors.ts';
import { parseObject } from './malformed.ts';

/** How often a list is begun anew because its pages expired, before that is an error. */
const MAX_RESTARTS = 3;

/** A page of any list. */
const list = z.object({
  metadata: z.object({ continue: z.string().optional() }),
  items: z.array(z.unknown()),
});

/**
 * Reads all pages of a list. Where the API server has forgotten the snapshot from which the pages
 * come (410 Gone), the list begins anew: going on from the latest state instead would be no
 * consistent read
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks).
 *
 * @throws what `page` or `parse` throws: a list is whole or not at all.
 */
export async function listAll<T>(
  parse: (item: unknown) => T,
  page: (where: { readonly continue?: string }) => Promise<unknown>,
): Promise<T[]> {
  for (let restarts = 0; ; restarts++) {
    try {
      return await readPages(parse, page);
    } catch (error) {
      if (refusalOf(error)?.code !== 410 || restarts >= MAX_RESTARTS) throw error;
    }
  }
}

async function readPages<T>(
  parse: (item: unknown) => T,
  page: (where: { readonly continue?: string }) => Promise<unknown>,
): Promise<T[]> {
  const all: T[] = [];
  let where: { readonly continue?: string } = {};
  do {
    const { metadata, items } = parseObject('list', list, await page(where));
    for (const item of items) all.push(parse(item));
    const next = metadata.continue;
    where = next ? { continue: next } : {};
  } while (where.continue !== undefined);
  return all;
}
