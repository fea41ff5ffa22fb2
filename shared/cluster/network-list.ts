import { inGroups } from '../in-groups.ts';
import type { NetworkAttachmentDefinition, NetworkRef } from './kubernetes.ts';

/** Up to this many definitions are read one by one, whatever the others have. */
const FEW_NETWORKS = 20;
/** How many bytes of a list cost as much to read as a request for one definition. */
const REQUEST_BYTES = 256 * 1024;
/** How many requests are under way at a time. */
const SIDE_BY_SIDE = 10;

/** How definitions are read: each list whole and consistent, or an exception. */
export interface NetworkReads {
  /** The definitions by their whole objects, until `bytes` bytes were read. */
  whole(bytes: number): Promise<WholeList>;
  /** The metadata of all definitions. */
  metadata(): Promise<readonly NetworkMetadata[]>;
  /** The definition of that name, as a list of one; an empty one if there is none. */
  one(name: Pick<NetworkRef, 'namespace' | 'name'>): Promise<readonly NetworkRead[]>;
}

export interface WholeList {
  readonly networks: readonly NetworkRead[];
  /** There are no others. */
  readonly isComplete: boolean;
}

/** What a list of metadata says of a definition. */
export interface NetworkMetadata
  extends NetworkRef,
    Pick<NetworkAttachmentDefinition, 'advertised' | 'annotations'> {
  /** Changes with every change of the definition; absent if nobody says. */
  readonly resourceVersion?: string;
}

/** What is kept of a whole NetworkAttachmentDefinition object. */
export interface NetworkRead extends Pick<NetworkMetadata, 'resourceVersion'> {
  readonly definition: NetworkAttachmentDefinition;
  /** Of its JSON. */
  readonly bytes: number;
}

/** A cluster's definitions, of which is remembered what was read. */
export interface NetworkList {
  /**
   * All definitions as they were after the call began; one that is read by itself may be newer. One that did
   * not change is the same object each time. It is to be called by one at a time.
   */
  list(): Promise<NetworkAttachmentDefinition[]>;
  /** Reads those that a list left unread. What is gone by now is left out. */
  read(unread: readonly NetworkAttachmentDefinition[]): Promise<NetworkAttachmentDefinition[]>;
}

/**
 * Lists definitions by their metadata, and reads only those whose uid and resourceVersion were not read
 * before: an object of one resourceVersion is one and the same
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions). What was read is kept until
 * a list does not have it any more. Both functions throw what the reads throw.
 *
 * @param most how many bytes lists read together, give or take a page. What is beyond is left unread,
 * for whoever needs it: no tenant is to decide by the length of definitions how long a look takes.
 */
export function rememberingNetworkList(reads: NetworkReads, most: number): NetworkList {
  const known = new Map<string, NetworkRead>();
  let wasComplete = true;
  const remember = (networks: readonly NetworkRead[]): void => {
    for (const network of networks) known.set(network.definition.uid, network);
  };
  const keepOnly = (uids: ReadonlySet<string>): void => {
    for (const uid of known.keys()) if (!uids.has(uid)) known.delete(uid);
  };

  const listWhole = async (): Promise<NetworkAttachmentDefinition[] | undefined> => {
    const { isComplete, networks } = await reads.whole(most);
    remember(networks);
    wasComplete = isComplete;
    if (!isComplete) return undefined;
    const definitions = networks.map(({ definition }) => definition);
    keepOnly(new Set(definitions.map(({ uid }) => uid)));
    return definitions;
  };
  /** Since the last list: who asks for one that somebody reads already waits for that. */
  const reading = new Map<string, Promise<readonly NetworkRead[]>>();
  const readOne = ({ namespace, name, uid }: NetworkRef): Promise<readonly NetworkRead[]> => {
    const before = reading.get(uid);
    if (before !== undefined) return before;
    const read = reads.one({ namespace, name });
    reading.set(uid, read);
    read.then(remember, () => reading.delete(uid));
    return read;
  };
  /** @param bytes how many are read; the rest is left. */
  const readEach = async (refs: readonly NetworkRef[], bytes = Number.POSITIVE_INFINITY) => {
    const read: NetworkRead[] = [];
    let tried = 0;
    for (const group of inGroups(refs, SIDE_BY_SIDE)) {
      if (bytesOf(read) >= bytes) break;
      tried += group.length;
      read.push(...(await Promise.all(group.map(readOne))).flat());
    }
    return { definitions: read.map(({ definition }) => definition), tried };
  };

  return {
    async list() {
      reading.clear();
      const first = known.size === 0 ? await listWhole() : undefined;
      if (first !== undefined) return first;
      const listed = await reads.metadata();
      keepOnly(new Set(listed.map(({ uid }) => uid)));
      // Once there was too much for one list, each further one would read the same again.
      const again = wasComplete && isMuch(listed, known) ? await listWhole() : undefined;
      if (again !== undefined) return again;
      const kept = listed
        .map((network) => readOf(network, known))
        .filter((each) => each !== undefined);
      const left = listed.filter((network) => readOf(network, known) === undefined);
      const { definitions, tried } = await readEach(left, most - bytesOf(kept));
      return [
        ...kept.map(({ definition }) => definition),
        ...definitions,
        ...left.slice(tried).map(unreadOf),
      ];
    },
    read: async (unread) => (await readEach(unread)).definitions,
  };
}

/** Whether it costs less to list all of them anew than to read each one that is not known. */
function isMuch(
  listed: readonly NetworkMetadata[],
  known: ReadonlyMap<string, NetworkRead>,
): boolean {
  const kept = listed.map((network) => readOf(network, known)).filter((each) => each !== undefined);
  const unknown = listed.length - kept.length;
  return unknown > FEW_NETWORKS && unknown * REQUEST_BYTES > bytesOf(kept);
}

function unreadOf({
  resourceVersion: _,
  ...definition
}: NetworkMetadata): NetworkAttachmentDefinition {
  return { ...definition, unread: true };
}

function readOf(
  { uid, resourceVersion }: NetworkMetadata,
  known: ReadonlyMap<string, NetworkRead>,
): NetworkRead | undefined {
  const before = known.get(uid);
  const isSame = resourceVersion !== undefined && resourceVersion === before?.resourceVersion;
  return isSame ? before : undefined;
}

/** How many bytes of JSON those have together. */
export function bytesOf(networks: readonly NetworkRead[]): number {
  return networks.reduce((sum, { bytes }) => sum + bytes, 0);
}
