import * as z from 'zod';
import type { KubernetesCalls } from './calls.ts';
import { refusalOf } from './errors.ts';
import { FIELD_MANAGER } from './events.ts';
import type { Kubernetes } from './kubernetes.ts';
import {
  LEDGERS,
  type Ledger,
  type LedgerReading,
  ledgerFromObject,
  objectOfLedger,
  type UnusableLedger,
} from './ledgers.ts';
import { type EachItem, listAll, type PageRead, type ReadPage } from './list.ts';
import { MalformedObjectError, parseObject } from './malformed.ts';

type Call = <T>(
  signal: AbortSignal | undefined,
  request: (deadline: AbortSignal) => Promise<T>,
) => Promise<T>;
type Pages = (
  signal: AbortSignal | undefined,
  list: (
    query: Parameters<ReadPage>[0],
    each: EachItem,
    deadline: AbortSignal,
  ) => Promise<PageRead>,
) => ReadPage;

/** The calls on the ledgers of one cluster. What hinders all of them is an answer, and not an exception. */
export function ledgerClient(
  calls: KubernetesCalls,
  call: Call,
  pages: Pages,
): Pick<Kubernetes, 'readLedger' | 'listLedgers' | 'writeLedger' | 'deleteLedger'> {
  return {
    async readLedger(eniId, signal) {
      try {
        const object = await call(signal, (deadline) => calls.readLedger(eniId, deadline));
        return readingOf(object);
      } catch (error) {
        if (isMissing(error)) return { kind: 'ledger', ledger: { eniId, entries: new Map() } };
        return unusable(error);
      }
    },

    async listLedgers(signal) {
      try {
        const readings = await listAll({
          page: pages(signal, calls.listLedgers),
          parse: (item) => ({ eniId: nameOf(item), reading: readingOf(item) }),
        });
        return {
          kind: 'ledgers',
          byEni: new Map(readings.map(({ eniId, reading }) => [eniId, reading])),
        };
      } catch (error) {
        return unusable(error);
      }
    },

    async writeLedger(ledger, signature, signal) {
      const body = objectOfLedger(ledger, signature);
      const write = { body, fieldManager: FIELD_MANAGER };
      try {
        const object = await call(signal, (deadline) => calls.writeLedger(write, deadline));
        return { kind: 'written', ledger: ledgerFromObject(object) };
      } catch (error) {
        // A conflict, and an object that was created or deleted meanwhile.
        const code = refusalOf(error)?.code;
        if (code === 409 || (code === 404 && isMissing(error))) return { kind: 'conflict' };
        return unusable(error);
      }
    },

    async deleteLedger({ eniId, version }: Ledger, signal) {
      if (version === undefined) return;
      const deletion = { eniId, version };
      await call(signal, (deadline) => calls.deleteLedger(deletion, deadline)).catch(unlessOther);
    },
  };
}

const named = z.object({ metadata: z.object({ name: z.string() }) });

function nameOf(item: unknown): string {
  return parseObject(LEDGERS.kind, named, item).metadata.name;
}

function readingOf(object: unknown): LedgerReading {
  try {
    return { kind: 'ledger', ledger: ledgerFromObject(object) };
  } catch (error) {
    return unusable(error);
  }
}

/** The kind is there, and no object of that name. */
function isMissing(error: unknown): boolean {
  const refusal = refusalOf(error);
  return refusal?.code === 404 && refusal.status.details?.kind === LEDGERS.plural;
}

/**
 * What the API server answers each time until somebody mends it (docs/design.md, rule L15).
 *
 * @throws the error itself if trying again may help.
 */
function unusable(error: unknown): UnusableLedger {
  const detail = error instanceof Error ? error.message : String(error);
  if (error instanceof MalformedObjectError) return { kind: 'unusable', why: 'unreadable', detail };
  const code = refusalOf(error)?.code;
  if (code === 404) return { kind: 'unusable', why: 'no-kind', detail };
  if (code === 403) return { kind: 'unusable', why: 'forbidden', detail };
  // 413: too long. 422: the schema of another version, or a policy, does not take it.
  if (code === 400 || code === 413 || code === 422) {
    return { kind: 'unusable', why: 'refused', detail };
  }
  throw error;
}

function unlessOther(error: unknown): undefined {
  const code = refusalOf(error)?.code;
  if (code !== 404 && code !== 409) throw error;
}
