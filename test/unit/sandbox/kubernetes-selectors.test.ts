import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { apiServer, LEASES, PODS } from './api-server.ts';

const listSchema = z.object({
  items: z.array(z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()) }) })),
});

/** Leases by what their labels are. */
const LABELS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  b: { a: 'b' },
  c: { a: 'c', n: '5' },
  empty: { a: '' },
  none: {},
};

test.for([
  ['a', 'b c empty'],
  ['!a', 'none'],
  ['a=b', 'b'],
  ['a==b', 'b'],
  ['a=', 'empty'],
  ['a!=b', 'c empty none'],
  ['a in (b,c)', 'b c'],
  ['a in(b)', 'b'],
  [' a in ( b , c ) ', 'b c'],
  ['a in ()', 'empty'],
  ['a in (b,)', 'b empty'],
  ['a notin (b)', 'c empty none'],
  ['a notin (b),a', 'c empty'],
  ['n>4', 'c'],
  ['n>5', ''],
  ['n<6', 'c'],
  ['example.com/a!=x', 'b c empty none'],
] as const)('the label selector "%s" finds %s', async ([selector, found]) => {
  const api = await apiServer();
  const run = randomUUID();
  for (const [kind, more] of Object.entries(LABELS)) {
    await api.make(LEASES, { metadata: { labels: { run, kind, ...more } }, spec: {} });
  }
  const query = new URLSearchParams({ labelSelector: `run=${run},${selector}` });
  const { items } = listSchema.parse((await api.send('GET', `${LEASES}?${query}`)).body);
  const kinds = items.map(({ metadata }) => metadata.labels.kind ?? '');
  expect(kinds.sort().join(' ')).toBe(found);
});

test.for(['a in (b', 'a b', '=x', 'a,,b', 'a,', 'a=b c', '!', '-a', 'a=-b', 'a/b/c', 'n>x'])(
  'the label selector "%s" cannot be read',
  async (labelSelector) => {
    const api = await apiServer();
    const query = new URLSearchParams({ labelSelector });
    expect((await api.send('GET', `${PODS}?${query}`)).status).toBe(400);
  },
);

test.for([
  ['resourceVersionMatch=Exact', 422],
  ['resourceVersionMatch=NotOlderThan', 422],
  ['resourceVersion=0&resourceVersionMatch=Exact', 422],
  ['resourceVersion=1&resourceVersionMatch=Newest', 422],
  ['resourceVersion=0&resourceVersionMatch=NotOlderThan', 200],
  ['sendInitialEvents=true', 422],
  ['watch=1&sendInitialEvents=true', 422],
  ['watch=1&sendInitialEvents=true&resourceVersionMatch=Exact', 422],
  ['watch=1&resourceVersion=0&resourceVersionMatch=NotOlderThan', 422],
  ['resourceVersion=newest', 400],
  ['limit=some', 400],
  ['limit=-1', 200],
  ['continue=nonsense', 400],
  ['fieldSelector=spec.color=red', 400],
  ['fieldSelector=metadata.name', 400],
] as const)('a list with %s is answered with %i', async ([query, status]) => {
  const api = await apiServer();
  expect((await api.send('GET', `${PODS}?${query}`)).status).toBe(status);
});
