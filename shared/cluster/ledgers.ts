import * as z from 'zod';
import { type Address, parseAddress } from '../address.ts';
import { oneLine } from '../text/one-line.ts';
import { instantSchema, MalformedObjectError, parseObject } from './malformed.ts';

/** The resource that records which secondary addresses are ours (docs/design.md, "The ledger"). */
export const LEDGERS = {
  group: 'multus-eni.dev',
  version: 'v1',
  kind: 'ENILedger',
  plural: 'eniledgers',
} as const;

/**
 * `assigning`: EC2 is about to be asked. `assigned`: EC2 took it. `releasing`: it was unassigned, or is about to
 * be. `released`: EC2 said that it is gone.
 */
export type EntryState = 'assigning' | 'assigned' | 'releasing' | 'released';

/** The identity of a pod. */
export type EntryPod = Readonly<Record<'namespace' | 'name' | 'uid', string>>;

/** What the ledger of an ENI says of one address. */
export interface Entry {
  readonly state: EntryState;
  /** When it was written, ms since the epoch. */
  readonly at: number;
  /** The pod that has it, or had it last; absent if an operator or the setting `ours` made it ours. */
  readonly pod?: EntryPod;
}

export type Entries = ReadonlyMap<Address, Entry>;

/** The ledger of one ENI. */
export interface Ledger {
  readonly eniId: string;
  /** The object's `resourceVersion`; absent if there is no object yet. */
  readonly version?: string;
  readonly entries: Entries;
  /** What others wrote into the object's metadata, and stays there. */
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** Why a ledger cannot be used: the kind is not installed, the functions may not, or it says what nobody understands. */
export type LedgerTrouble = 'no-kind' | 'forbidden' | 'unreadable' | 'refused';

/** No ledger that can be used. */
export interface UnusableLedger {
  readonly kind: 'unusable';
  readonly why: LedgerTrouble;
  /** In the words of the API server. */
  readonly detail: string;
}

/** A ledger, or why there is none to be used. */
export type LedgerReading = { readonly kind: 'ledger'; readonly ledger: Ledger } | UnusableLedger;

/** All ledgers of a cluster, by ENI, or why there are none to be used. */
export type LedgersReading =
  | { readonly kind: 'ledgers'; readonly byEni: ReadonlyMap<string, LedgerReading> }
  | UnusableLedger;

/** What became of a write. */
export type LedgerWriting =
  | { readonly kind: 'written'; readonly ledger: Ledger }
  /** Somebody else wrote it since it was read. */
  | { readonly kind: 'conflict' }
  | UnusableLedger;

/** Who signs a write, and which node it is for. */
export interface Signature {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly by: string;
  readonly node?: string;
  readonly instanceId?: string;
}

const INSTANCE_LABEL = 'multus-eni.dev/instance';
/** Velero's label: an old ledger that a restore brings back names pods that are gone. */
const NOT_BACKED_UP = 'velero.io/exclude-from-backup';

const STATES = {
  Assigning: 'assigning',
  Assigned: 'assigned',
  Releasing: 'releasing',
  Released: 'released',
} as const;
const WRITTEN = {
  assigning: 'Assigning',
  assigned: 'Assigned',
  releasing: 'Releasing',
  released: 'Released',
} as const;

/** A tombstone: the address was ours there, and is to be there no more. */
export function isTombstone({ state }: Pick<Entry, 'state'>): boolean {
  return state === 'releasing' || state === 'released';
}

const entry = z.object({
  state: z.enum(WRITTEN).transform((state) => STATES[state]),
  at: instantSchema,
  pod: z.object({ namespace: z.string(), name: z.string(), uid: z.string() }).optional(),
});
const texts = z.record(z.string(), z.string()).optional();
const object = z.object({
  metadata: z.object({
    name: z.string().min(1),
    resourceVersion: z.string().min(1),
    labels: texts,
    annotations: texts,
  }),
  addresses: z.record(z.string(), entry).default({}),
});

/**
 * Reads an ENILedger object.
 *
 * @throws MalformedObjectError for one that is not as the resource's schema says: nothing is decided from a part
 *   of it.
 */
export function ledgerFromObject(given: unknown): Ledger {
  const { metadata, addresses } = parseObject(LEDGERS.kind, object, given);
  const entries = new Map<Address, Entry>();
  for (const [text, { pod, ...rest }] of Object.entries(addresses)) {
    const address = parseAddress(text);
    if (address === undefined || entries.has(address)) {
      const why = address === undefined ? 'is no address' : 'is there in another spelling too';
      throw new MalformedObjectError(
        oneLine(`${LEDGERS.kind} ${metadata.name}: addresses: ${text} ${why}`),
      );
    }
    entries.set(address, pod === undefined ? rest : { ...rest, pod });
  }
  const { labels = {}, annotations = {} } = metadata;
  return {
    eniId: metadata.name,
    version: metadata.resourceVersion,
    entries,
    metadata: { labels, annotations },
  };
}

/** The object that a ledger is written as. */
export function objectOfLedger(
  { eniId, entries, metadata, version }: Ledger,
  { at, by, instanceId, node }: Signature,
) {
  const count = (state: EntryState): number =>
    entries.values().reduce((sum, each) => sum + Number(each.state === state), 0);
  return {
    apiVersion: `${LEDGERS.group}/${LEDGERS.version}`,
    kind: LEDGERS.kind,
    metadata: {
      ...metadata,
      name: eniId,
      ...(version === undefined ? {} : { resourceVersion: version }),
      labels: {
        ...metadata?.labels,
        [NOT_BACKED_UP]: 'true',
        ...(instanceId === undefined ? {} : { [INSTANCE_LABEL]: instanceId }),
      },
    },
    summary: {
      ...(node === undefined ? {} : { node }),
      ...(instanceId === undefined ? {} : { instance: instanceId }),
      assigned: count('assigned'),
      busy: count('assigning'),
      releasing: count('releasing'),
    },
    written: { at: new Date(at).toISOString(), by },
    addresses: Object.fromEntries(
      [...entries].map(([address, { at: since, pod, state }]) => [
        address,
        {
          state: WRITTEN[state],
          at: new Date(since).toISOString(),
          ...(pod === undefined
            ? {}
            : { pod: { namespace: pod.namespace, name: pod.name, uid: pod.uid } }),
        },
      ]),
    ),
  };
}
