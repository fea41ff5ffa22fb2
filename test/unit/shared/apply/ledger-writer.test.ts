import { describe, expect, it } from 'vitest';
import { StaleLedgerError } from '../../../../shared/apply/confirm-ledgers.ts';
import { ledgerWriter } from '../../../../shared/apply/ledger-writer.ts';
import type { Entry, Ledger, LedgerWriting } from '../../../../shared/cluster/ledgers.ts';
import { ledgersFrom } from '../../../../shared/plan/ledger.ts';
import { recordIn } from '../../../support/in-memory-kubernetes.ts';
import { address } from '../plan/fixtures.ts';
import { type ActBed, startActBed } from './bed.ts';

const X = address('172.16.1.70');
const Y = address('172.16.1.71');
const P = { namespace: 'demo', name: 'p', uid: 'uid-p' };
const Q = { namespace: 'demo', name: 'q', uid: 'uid-q' };
const assigning: Entry = { state: 'assigning', at: 1, pod: P };
const TOOK = { call: 'assign', state: 'assigned' } as const;
const LET_GO = { call: 'unassign', state: 'released' } as const;

interface WriterBed extends Pick<ActBed, 'ledger' | 'telemetry'> {
  readonly writer: ReturnType<typeof ledgerWriter>;
  /** What was written, in order: `eni-1 X Y`. */
  readonly writes: readonly string[];
  /** The ENIs whose ledger was refused. */
  readonly refusals: readonly string[];
  /** Somebody else writes the ledger of an ENI. */
  other(eniId: string, entry: Partial<Entry>): void;
  /** Answers the writes of an ENI's ledger from now on. */
  answer(eniId: string, how: () => Promise<LedgerWriting>): void;
  /** The writes of an ENI's ledger begin when the test says so. @returns that */
  hold(eniId: string): () => void;
}

/** A writer for node A, whose ENIs `eni-1` and `eni-2` have ledgers with Y assigned. */
async function startWriter(): Promise<WriterBed> {
  const { access, kubernetes, ledger, telemetry } = await startActBed();
  const written: string[] = [];
  const refusals: string[] = [];
  const answers = new Map<string, () => Promise<LedgerWriting>>();
  const write = kubernetes.writeLedger;
  kubernetes.writeLedger = (given, signature, signal) => {
    written.push([given.eniId, ...given.entries.keys()].join(' '));
    return answers.get(given.eniId)?.() ?? write(given, signature, signal);
  };
  for (const eniId of ['eni-1', 'eni-2']) recordIn(kubernetes, eniId, [Y], { pod: Q });
  const reading = await kubernetes.listLedgers();
  const state = { instanceId: 'i-1', ledgers: ledgersFrom(reading), node: 'node-a' };
  const writer = ledgerWriter(access, state, {
    by: 'request-1',
    onRefused: (eniId) => refusals.push(eniId),
  });
  return {
    writer,
    refusals,
    writes: written,
    telemetry,
    ledger,
    other(eniId, entry) {
      recordIn(kubernetes, eniId, [X], entry);
      const { version, ...rest }: Ledger = kubernetes.ledgers.get(eniId) ?? {
        eniId,
        entries: new Map(),
      };
      kubernetes.ledgers.set(eniId, { ...rest, version: `${Number(version) + 1}` });
    },
    answer: (eniId, how) => void answers.set(eniId, how),
    hold(eniId) {
      const { promise, resolve } = Promise.withResolvers<void>();
      answers.set(eniId, async () => {
        await promise;
        answers.delete(eniId);
        const now = kubernetes.ledgers.get(eniId);
        return now === undefined ? { kind: 'conflict' } : { kind: 'written', ledger: now };
      });
      return resolve;
    },
  };
}

const NONE = new Map();
const asks = (of = X) => new Map([[of, assigning]]);

describe('before EC2 is asked', () => {
  it('what is asked for side by side is one write, and each ENI has its own', async () => {
    const { ledger, writer, writes } = await startWriter();
    await Promise.all([
      writer.before('eni-1', asks(), true),
      writer.before('eni-1', NONE, true),
      writer.before('eni-2', NONE, true),
    ]);
    expect(writes).toEqual([`eni-1 ${Y} ${X}`, `eni-2 ${Y}`]);
    expect(ledger('eni-1')).toEqual([`${X} assigning uid-p`, `${Y} assigned uid-q`]);
  });

  it('what is asked for while a write is under way is the next write', async () => {
    const { hold, writer, writes } = await startWriter();
    const begin = hold('eni-1');
    const first = writer.before('eni-1', NONE, true);
    await Promise.resolve();
    const second = writer.before('eni-1', asks(), true);
    begin();
    expect(await Promise.all([first, second])).toEqual([true, true]);
    expect(writes).toEqual([`eni-1 ${Y}`, `eni-1 ${Y} ${X}`]);
  });

  it('nothing is written if nothing changes and nothing rests on it', async () => {
    const { writer, writes } = await startWriter();
    expect(await writer.before('eni-1', NONE, false)).toBe(true);
    expect(await writer.before('eni-new', NONE, true)).toBe(true);
    expect(writes).toEqual([]);
  });

  it('what is to go along goes with the next write, and is none of its own', async () => {
    const { ledger, writer, writes } = await startWriter();
    writer.along('eni-1', new Map([[Y, undefined]]));
    await writer.before('eni-1', NONE, false);
    expect(writes).toEqual([]);
    await writer.before('eni-1', asks(), true);
    expect(ledger('eni-1')).toEqual([`${X} assigning uid-p`]);
  });

  it('it fails if somebody wrote the ledger since it was read, and no other ENI does', async () => {
    const { other, writer } = await startWriter();
    other('eni-1', { state: 'releasing' });
    await expect(writer.before('eni-1', asks(), true)).rejects.toThrow(StaleLedgerError);
    expect(await writer.before('eni-2', asks(), true)).toBe(true);
    expect([writer.isUnsigned('eni-1'), writer.isUnsigned('eni-2')]).toEqual([true, false]);
  });

  it.each<[string, () => Promise<LedgerWriting>]>([
    ['is in conflict', async () => ({ kind: 'conflict' })],
    ['is refused', async () => ({ kind: 'unusable', why: 'refused', detail: 'no' })],
    ['fails', () => Promise.reject(new Error('503'))],
  ])('once a write %s, all that follow fail, and none is sent', async (_, how) => {
    const { answer, writer, writes } = await startWriter();
    answer('eni-1', how);
    await expect(writer.before('eni-1', NONE, true)).rejects.toThrow();
    await expect(writer.before('eni-1', asks(), true)).rejects.toThrow();
    expect(writes).toHaveLength(1);
    expect(writer.isUnsigned('eni-1')).toBe(true);
  });

  it('a refusal is told, measured, and kept for the next look (rule L15)', async () => {
    const { answer, refusals, telemetry, writer } = await startWriter();
    answer('eni-1', async () => ({ kind: 'unusable', why: 'forbidden', detail: 'may not' }));
    await expect(writer.before('eni-1', asks(), true)).rejects.toThrow(StaleLedgerError);
    expect(refusals).toEqual(['eni-1']);
    expect(telemetry.total('LedgerUnusable')).toBe(1);
  });
});

describe('after EC2 has answered', () => {
  it('it is one write for each ENI, and none for one that nothing was asked of', async () => {
    const { ledger, writer, writes } = await startWriter();
    await writer.before('eni-1', new Map([...asks(), [Y, { ...assigning, pod: Q }]]), true);
    await writer.before('eni-2', NONE, true);
    writer.settle('eni-1', X, TOOK);
    writer.settle('eni-1', Y, TOOK);
    await writer.after();
    expect(writes.slice(2)).toEqual([`eni-1 ${Y} ${X}`]);
    expect(ledger('eni-1')).toEqual([`${X} assigned uid-p`, `${Y} assigned uid-q`]);
  });

  it('what was looked up and not asked for gets no entry', async () => {
    const { ledger, writer, writes } = await startWriter();
    writer.settle('eni-1', X, { call: 'assign', state: 'releasing' });
    await writer.after();
    expect(writes).toEqual([]);
    expect(ledger('eni-1')).toEqual([`${Y} assigned uid-q`]);
  });

  it('another entry that somebody wrote meanwhile stays, and is no reason to start over', async () => {
    const { ledger, other, writer } = await startWriter();
    await writer.before('eni-1', new Map([[Y, { ...assigning, pod: Q }]]), true);
    other('eni-1', { state: 'assigned', pod: P });
    writer.settle('eni-1', Y, TOOK);
    await writer.after();
    expect(ledger('eni-1')).toEqual([`${X} assigned uid-p`, `${Y} assigned uid-q`]);
  });

  it.each([
    [TOOK, 'assigning'],
    [LET_GO, 'releasing'],
  ] as const)(
    'the entry itself, if somebody wrote it meanwhile, is looked at again (rule L10): %o',
    async (settled, then) => {
      const { ledger, other, writer } = await startWriter();
      await writer.before('eni-1', asks(), true);
      other('eni-1', { state: 'assigned', at: 2, pod: Q });
      writer.settle('eni-1', X, settled);
      await expect(writer.after()).rejects.toThrow(StaleLedgerError);
      expect(ledger('eni-1')).toEqual([`${X} ${then} uid-q`, `${Y} assigned uid-q`]);
    },
  );

  it('what needs no change is read once more, as somebody may have written it', async () => {
    const { ledger, other, writer } = await startWriter();
    await writer.before('eni-1', new Map([[X, { ...assigning, state: 'releasing' }]]), true);
    other('eni-1', { state: 'assigned', at: 2, pod: Q });
    writer.settle('eni-1', X, { call: 'unassign', state: 'releasing' });
    await expect(writer.after()).rejects.toThrow(StaleLedgerError);
    expect(ledger('eni-1')).toEqual([`${X} releasing uid-q`, `${Y} assigned uid-q`]);
  });

  it('a ledger that others keep writing is given up', async () => {
    const { answer, writer, writes } = await startWriter();
    await writer.before('eni-1', asks(), true);
    writer.settle('eni-1', X, TOOK);
    answer('eni-1', async () => ({ kind: 'conflict' }));
    await expect(writer.after()).rejects.toThrow('again and again');
    expect(writes).toHaveLength(6);
  });

  it('nothing is written of a ledger that was refused before', async () => {
    const { answer, refusals, writer, writes } = await startWriter();
    await writer.before('eni-1', asks(), true);
    writer.settle('eni-1', X, TOOK);
    answer('eni-1', async () => ({ kind: 'unusable', why: 'refused', detail: 'no' }));
    await expect(writer.before('eni-1', NONE, true)).rejects.toThrow();
    await writer.after();
    expect([writes.length, refusals]).toEqual([2, ['eni-1']]);
  });
});

describe('what was taken from another node’s ENI', () => {
  it('becomes a tombstone, whatever its entry says by then (rule L14)', async () => {
    const { ledger, other, writer } = await startWriter();
    writer.takenFrom('eni-1', X);
    other('eni-1', { state: 'assigned', pod: P });
    await writer.mark();
    expect(ledger('eni-1')).toEqual([`${X} releasing uid-p`, `${Y} assigned uid-q`]);
  });

  it('gets no entry if it has none', async () => {
    const { writer, writes } = await startWriter();
    writer.takenFrom('eni-1', X);
    await writer.mark();
    expect(writes).toEqual([]);
  });
});

describe('one ledger that cannot be written lets the others be written to their end', () => {
  /** One ENI's write fails at once; the other's ends when the test says so. */
  async function startTwo() {
    const bed = await startWriter();
    for (const eniId of ['eni-1', 'eni-2']) {
      await bed.writer.before(eniId, asks(), true);
      bed.writer.settle(eniId, X, TOOK);
      bed.writer.takenFrom(eniId, Y);
    }
    bed.answer('eni-1', () => Promise.reject(new Error('503')));
    return { ...bed, begin: bed.hold('eni-2') };
  }

  it.each(['after', 'mark'] as const)('%s', async (step) => {
    const { begin, writer } = await startTwo();
    let ended = false;
    const writing = writer[step]().finally(() => {
      ended = true;
    });
    writing.catch(() => undefined);
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
    // Else the next turn would read this ledger while it is still being written.
    expect(ended).toBe(false);
    begin();
    await expect(writing).rejects.toThrow('503');
  });
});
