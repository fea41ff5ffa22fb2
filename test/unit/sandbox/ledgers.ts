import { randomBytes } from 'node:crypto';
import { expect, onTestFinished } from 'vitest';
import * as z from 'zod';
import type { ApiServerUnderTest } from './api-server.ts';

export const LEDGERS = '/apis/multus-eni.dev/v1/eniledgers';
export const AT = '2026-12-02T04:24:23Z';
const POD = { namespace: 'demo', name: 'app-0', uid: 'b1b3' };
export const ENTRY = { state: 'Assigned', at: AT, pod: POD };

interface Ledger {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

export const eni = (): string => `eni-${randomBytes(8).toString('hex')}0`;
export const ledgerOf = (addresses: object = {}, more: object = {}, name = eni()): Ledger => ({
  apiVersion: 'multus-eni.dev/v1',
  kind: 'ENILedger',
  metadata: { name, labels: { 'multus-eni.dev/instance': 'i-0abc' } },
  summary: { node: 'worker', instance: 'i-0abc', assigned: 1, busy: 0, releasing: 2 },
  written: { at: AT, by: 'request-1' },
  addresses,
  ...more,
});

export const stored = z.looseObject({
  metadata: z.looseObject({ name: z.string(), uid: z.string(), resourceVersion: z.string() }),
});

/** Creates a ledger that goes with the test. @returns its path, and what the answer holds. */
export async function made(api: ApiServerUnderTest, ledger = ledgerOf()) {
  const { status, body } = await api.send('POST', LEDGERS, { body: ledger });
  expect([status, body]).toEqual([201, expect.anything()]);
  const path = `${LEDGERS}/${ledger.metadata.name}`;
  onTestFinished(async () => void (await api.send('DELETE', path)));
  return { path, ...stored.parse(body) };
}

/** The status of a refused request with its reason, its message, and how it names the kind. */
export async function refusal(
  api: ApiServerUnderTest,
  ...[method, path, sent]: Parameters<ApiServerUnderTest['send']>
) {
  const { status, body } = await api.send(method, path, sent);
  const { reason, message, details } = z
    .looseObject({ details: z.looseObject({ kind: z.string() }).optional() })
    .parse(body);
  return { status, reason, message, kind: details?.kind };
}
