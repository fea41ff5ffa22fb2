import { expect, test } from 'vitest';
import { forgetLedgers } from '../../../functions/sweep/forget-ledgers.ts';
import { recordIn } from '../../support/in-memory-kubernetes.ts';
import { type ActBed, startActBed } from '../shared/apply/bed.ts';
import { address } from '../shared/plan/fixtures.ts';

/* Rule L16 of docs/design.md. */

const GONE = 'eni-0123456789abcdef0';
const X = address('172.16.1.70');

/** One sweep, which saw these ENIs. */
async function sweep({ access, kubernetes }: ActBed, ...seen: readonly string[]): Promise<void> {
  const ledgers = await kubernetes.listLedgers();
  await forgetLedgers(access, { ledgers }, (id) => seen.includes(id));
}

test('the ledger of an ENI that is gone goes at the second sweep that does not find it', async () => {
  const bed = await startActBed();
  recordIn(bed.kubernetes, GONE, [X]);
  await sweep(bed);
  expect(bed.ledger(GONE)).toEqual(['172.16.1.70 assigned']);
  await sweep(bed);
  expect(bed.kubernetes.ledgers.has(GONE)).toBe(false);
});

test('that of an ENI which no node has stays, as EC2 knows the ENI', async () => {
  const bed = await startActBed();
  const eniId = bed.ec2.addEni({ subnetId: bed.subnetId, tags: {} });
  recordIn(bed.kubernetes, eniId, [X]);
  await sweep(bed);
  await sweep(bed);
  expect(bed.ledger(eniId)).toEqual(['172.16.1.70 assigned']);
});

test('the ledger of an ENI stays if a sweep sees the ENI between two that miss it', async () => {
  const bed = await startActBed();
  recordIn(bed.kubernetes, GONE, [X]);
  await sweep(bed);
  const seen = bed.ec2.addEni({ subnetId: bed.subnetId, tags: {} });
  const ledger = bed.kubernetes.ledgers.get(GONE);
  bed.kubernetes.ledgers.clear();
  // The same ledger, whose ENI EC2 shows again.
  if (ledger !== undefined) bed.kubernetes.ledgers.set(seen, { ...ledger, eniId: seen });
  await sweep(bed, seen);
  bed.ec2.deleteEni(seen);
  await sweep(bed);
  expect(bed.kubernetes.ledgers.has(seen)).toBe(true);
});
