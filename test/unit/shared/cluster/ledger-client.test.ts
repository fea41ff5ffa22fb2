import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ledger } from '../../../../shared/cluster/ledgers.ts';
import { address } from '../plan/fixtures.ts';
import { type ApiAnswer, listOf, refusal } from './api-server.ts';
import { type ClientBed, startClientBed } from './client-bed.ts';

let api: ClientBed['api'];
let kubernetes: ClientBed['kubernetes'];

beforeEach(async () => {
  ({ api, kubernetes } = await startClientBed());
});
afterEach(() => api.stop());

const ALL = '/apis/multus-eni.dev/v1/eniledgers';
const SIGNATURE = { at: 0, by: 'request-1' };
const ENTRY = { state: 'Assigned', at: '2026-12-02T04:24:23.000Z' };
const EMPTY: Ledger = { eniId: 'eni-1', entries: new Map() };
const READ: Ledger = { ...EMPTY, version: '7' };

function object(name: string, more: object = {}) {
  return {
    metadata: { name, resourceVersion: '7' },
    addresses: { '172.16.1.74': ENTRY },
    ...more,
  };
}

/** What an API server says that does not know the kind: no Status. */
const NO_KIND: ApiAnswer = { status: 404, body: undefined, text: '404 page not found\n' };
const MISSING = refusal(404, {
  code: 404,
  reason: 'NotFound',
  details: { name: 'eni-1', group: 'multus-eni.dev', kind: 'eniledgers' },
});
const FORBIDDEN = refusal(403, { code: 403, reason: 'Forbidden', message: 'may not' });

/** What hinders each call until somebody mends it (docs/design.md, rule L15). */
const UNUSABLE = [
  ['the kind is not installed', NO_KIND, 'no-kind'],
  ['it is forbidden', FORBIDDEN, 'forbidden'],
] as const;
/** What may have passed by the next try. */
const PASSING = [429, 500, 503, 504];

describe('a ledger that is read', () => {
  it('has its entries and its version', async () => {
    api.answer(() => ({ body: object('eni-1') }));
    const reading = await kubernetes.readLedger('eni-1');
    expect(reading).toMatchObject({ kind: 'ledger', ledger: { eniId: 'eni-1', version: '7' } });
    expect(api.requests[0]).toMatchObject({ method: 'GET', path: `${ALL}/eni-1` });
  });

  it('is an empty one if there is none', async () => {
    api.answer(() => MISSING);
    expect(await kubernetes.readLedger('eni-1')).toEqual({ kind: 'ledger', ledger: EMPTY });
  });

  it.each(UNUSABLE)('cannot be used if %s', async (_, answer, why) => {
    api.answer(() => answer);
    expect(await kubernetes.readLedger('eni-1')).toMatchObject({ kind: 'unusable', why });
  });

  it('cannot be used if it is not as its schema says', async () => {
    const addresses = { '172.16.1.74': { ...ENTRY, state: 'Moving' } };
    api.answer(() => ({ body: object('eni-1', { addresses }) }));
    expect(await kubernetes.readLedger('eni-1')).toMatchObject({
      kind: 'unusable',
      why: 'unreadable',
    });
  });

  it.each(PASSING)('is tried again with its message after %d', async (status) => {
    api.answer(() => refusal(status, { code: status }));
    await expect(kubernetes.readLedger('eni-1')).rejects.toThrow();
  });
});

describe('all ledgers that are listed', () => {
  it('are read page by page, and one that cannot be read hinders no other', async () => {
    api.answer(({ query }) =>
      query.continue === undefined
        ? listOf([object('eni-1')], 'more')
        : listOf([object('eni-2', { addresses: [] })]),
    );
    const reading = await kubernetes.listLedgers();
    if (reading.kind === 'unusable') throw new Error(reading.detail);
    expect(reading.byEni.get('eni-1')).toMatchObject({ kind: 'ledger' });
    expect(reading.byEni.get('eni-2')).toMatchObject({ kind: 'unusable', why: 'unreadable' });
  });

  it.each(UNUSABLE)('cannot be used if %s', async (_, answer, why) => {
    api.answer(() => answer);
    expect(await kubernetes.listLedgers()).toMatchObject({ kind: 'unusable', why });
  });

  it.each(PASSING)('are tried again after %d', async (status) => {
    api.answer(() => refusal(status, { code: status }));
    await expect(kubernetes.listLedgers()).rejects.toThrow();
  });
});

describe('a ledger that is written', () => {
  const echo = (): void =>
    api.answer(({ body }) => {
      const { metadata, ...rest } = body as { metadata: object };
      return { body: { ...rest, metadata: { ...metadata, resourceVersion: '8' } } };
    });

  it('is created if it was not there, and has its version from then on', async () => {
    echo();
    const entries = new Map([[address('172.16.1.74'), { state: 'assigning', at: 0 } as const]]);
    expect(await kubernetes.writeLedger({ ...EMPTY, entries }, SIGNATURE)).toMatchObject({
      kind: 'written',
      ledger: { version: '8', entries },
    });
    expect(api.requests[0]).toMatchObject({ method: 'POST', path: ALL });
  });

  it('replaces the very version that was read, and no other', async () => {
    echo();
    await kubernetes.writeLedger(READ, SIGNATURE);
    expect(api.requests[0]).toMatchObject({
      method: 'PUT',
      path: `${ALL}/eni-1`,
      body: { metadata: { resourceVersion: '7' } },
    });
  });

  it.each([
    ['somebody wrote it meanwhile', refusal(409, { code: 409, reason: 'Conflict' })],
    ['somebody created it meanwhile', refusal(409, { code: 409, reason: 'AlreadyExists' })],
    ['somebody deleted it meanwhile', MISSING],
  ])('is in conflict if %s', async (_, answer) => {
    api.answer(() => answer);
    expect(await kubernetes.writeLedger(READ, SIGNATURE)).toEqual({ kind: 'conflict' });
  });

  it.each([
    ...UNUSABLE,
    ['it is too large', refusal(413, { code: 413 }), 'refused'],
    ['the schema of another version does not take it', refusal(422, { code: 422 }), 'refused'],
    ['it is refused as a bad request', refusal(400, { code: 400 }), 'refused'],
  ] as const)('cannot be used if %s', async (_, answer, why) => {
    api.answer(() => answer);
    expect(await kubernetes.writeLedger(READ, SIGNATURE)).toMatchObject({ kind: 'unusable', why });
  });

  it.each(PASSING)('is tried again with its message after %d', async (status) => {
    api.answer(() => refusal(status, { code: status }));
    await expect(kubernetes.writeLedger(READ, SIGNATURE)).rejects.toThrow();
  });
});

describe('a ledger that is deleted', () => {
  it('is deleted at the version that was read', async () => {
    api.answer(() => ({ body: {} }));
    await kubernetes.deleteLedger(READ);
    expect(api.requests).toMatchObject([
      {
        method: 'DELETE',
        path: `${ALL}/eni-1`,
        body: { preconditions: { resourceVersion: '7' } },
      },
    ]);
  });

  it('is left alone if there was none, if it has gone, or if somebody wrote it', async () => {
    await kubernetes.deleteLedger(EMPTY);
    expect(api.requests).toEqual([]);
    for (const answer of [MISSING, refusal(409, { code: 409 })]) {
      api.answer(() => answer);
      await kubernetes.deleteLedger(READ);
    }
    api.answer(() => FORBIDDEN);
    await expect(kubernetes.deleteLedger(READ)).rejects.toThrow();
  });
});
