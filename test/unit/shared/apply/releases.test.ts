import { describe, expect, it } from 'vitest';
import { StaleLedgerError } from '../../../../shared/apply/confirm-ledgers.ts';
import type { LedgerWriting } from '../../../../shared/cluster/ledgers.ts';
import { podWith, recordIn } from '../../../support/in-memory-kubernetes.ts';
import { address } from '../plan/fixtures.ts';
import { type ActBed, changesIn, startActBed } from './bed.ts';

const X = '172.16.1.70';
const Y = '172.16.1.71';
const REFUSED = { kind: 'unusable', why: 'refused', detail: 'no' } as const;

/** Has the writes of one ENI's ledger answered so from now on. */
function answerWrites(
  { kubernetes }: Pick<ActBed, 'kubernetes'>,
  eniId: string,
  how: () => Promise<LedgerWriting>,
): void {
  const write = kubernetes.writeLedger;
  kubernetes.writeLedger = (ledger, ...more) =>
    ledger.eniId === eniId ? how() : write(ledger, ...more);
}

describe('a release', () => {
  it('is written down before EC2 is asked, and again when EC2 has let go of the address', async () => {
    const bed = await startActBed();
    const { a, ec2, ledger, own, reconcile } = bed;
    await own(a.eth1, X);
    const seen: string[][] = [];
    const { client } = bed.access.ec2;
    const send = client.send.bind(client);
    Object.assign(client, {
      send: (...of: Parameters<typeof send>) => {
        seen.push(ledger(a.eth1));
        return send(...of);
      },
    });
    ec2.calls.clear();
    expect((await reconcile(a)).released).toEqual([X]);
    expect(changesIn(ec2)).toEqual([`Unassign ${a.eth1} ${X}`]);
    expect(seen.at(-1)).toEqual([`${X} releasing`]);
    expect(ledger(a.eth1)).toEqual([`${X} released`]);
  });

  it.each<[string, () => Promise<LedgerWriting>]>([
    ['is in conflict', async () => ({ kind: 'conflict' })],
    ['is refused', async () => REFUSED],
    ['fails', () => Promise.reject(new Error('503'))],
  ])('is not sent if the write %s, and another ENI’s is', async (_, how) => {
    const bed = await startActBed();
    const { a, ec2, own, on, tryReconcile } = bed;
    await own(a.eth1, X);
    await own(a.eth2, Y);
    answerWrites(bed, a.eth1, how);
    ec2.calls.clear();
    const done = await tryReconcile(a);
    expect(changesIn(ec2)).toEqual([`Unassign ${a.eth2} ${Y}`]);
    expect(on(a.eth1)).toEqual([X]);
    expect([done.open, done.released]).toEqual([[X], [Y]]);
    expect(done.failures).toHaveLength(1);
  });

  it('is none, and failed, on an ENI whose ledger cannot be used: what moves from there stays', async () => {
    const bed = await startActBed();
    const { a, act, decide, ec2, kubernetes, on, own, read } = bed;
    await own(a.eth1, X, Y);
    kubernetes.pods = [podWith('node-a', 'p', [X], { network: 'default/eth2' })];
    const state = await read(a);
    const decided = decide(state);
    const of = (eniId: string) => (eniId === a.eth1 ? REFUSED : state.ledgers.of(eniId));
    ec2.calls.clear();
    await expect(act({ ...state, ledgers: { of } }, decided)).rejects.toThrow(StaleLedgerError);
    expect(changesIn(ec2)).toEqual([]);
    expect([on(a.eth1), on(a.eth2)]).toEqual([[X, Y].sort(), []]);
  });
});

describe('what was read on an ENI whose ledger cannot be signed', () => {
  it.each<[string, () => Promise<LedgerWriting>]>([
    ['as somebody wrote it', async () => ({ kind: 'conflict' })],
    ['as the API server fails', () => Promise.reject(new Error('503'))],
  ])('is told to nobody, %s; other ENIs’ pods are told (rule L5)', async (_, how) => {
    const bed = await startActBed();
    const { a, kubernetes, own, tryReconcile } = bed;
    await own(a.eth1, X);
    await own(a.eth2, Y);
    kubernetes.pods = [
      podWith('node-a', 'p', [X]),
      podWith('node-a', 'q', [Y], { network: 'default/eth2' }),
    ];
    answerWrites(bed, a.eth1, how);
    const done = await tryReconcile(a);
    expect(done.open).toEqual([X]);
    expect(done.failures).toHaveLength(1);
  });

  it('is told to nobody if the pod’s claim fits no ENI any more', async () => {
    const bed = await startActBed();
    const { a, kubernetes, own, tryReconcile } = bed;
    await own(a.eth1, X);
    const pod = podWith('node-a', 'p', [X], { network: 'default/none' });
    recordIn(kubernetes, a.eth1, [address(X)], { pod });
    kubernetes.pods = [pod];
    answerWrites(bed, a.eth1, async () => ({ kind: 'conflict' }));
    expect((await tryReconcile(a)).open).toEqual([X]);
  });
});
