import { inGroups } from '../in-groups.ts';
import type { NetworkAttachmentDefinition } from './kubernetes.ts';

/** So many definitions are read one by one, whatever the others have. */
const FEW_NETWORKS = 20;
/** To ask for one definition costs as much as to read so many bytes of a list. */
const REQUEST_BYTES = 256 * 1024;
/** How many requests are under way at a time. */
const SIDE_BY_SIDE = 10;

/** How definitions are read: each list whole and consistent, or an exception. */
export interface NetworkReads {
  /** All definitions, of their whole objects. */
  whole(): Promise<readonly NetworkRead[]>;
  /** The metadata of all definitions. */
  metadata(): Promise<readonly NetworkMetadata[]>;
  /** The definition of that name, as a list of one; an empty one where there is none. */
  one(name: NetworkMetadata): Promise<readonly NetworkRead[]>;
}

/** By what a definition is known again. */
export interface NetworkMetadata
  extends Pick<NetworkAttachmentDefinition, 'namespace' | 'name' | 'uid'> {
  /** Changes with every change of the definition; absent where nobody says. */
  readonly resourceVersion?: string;
}

/** What is kept of a whole NetworkAttachmentDefinition object. */
export interface NetworkRead extends Pick<NetworkMetadata, 'resourceVersion'> {
  readonly definition: NetworkAttachmentDefinition;
  /** Of its JSON. */
  readonly bytes: number;
}

/**
 * Lists definitions by their metadata, and reads only those whose uid and resourceVersion were not read
 * before: an object of one resourceVersion is one and the same
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions). What was read is kept until
 * a list does not have it any more.
 *
 * @returns lists all definitions as they were after the call began; one that is read by itself may be newer.
 *   One that did not change is the same object each time. It is to be called by one at a time, and throws what
 *   the reads throw.
 */
export function rememberingNetworkList(
  reads: NetworkReads,
): () => Promise<NetworkAttachmentDefinition[]> {
  let known: ReadonlyMap<string, NetworkRead> = new Map();
  const remember = (networks: readonly NetworkRead[]): NetworkAttachmentDefinition[] => {
    known = new Map(networks.map((network) => [network.definition.uid, network]));
    return networks.map(({ definition }) => definition);
  };

  return async () => {
    if (known.size === 0) return remember(await reads.whole());
    const listed = await reads.metadata();
    const isKnown = (network: NetworkMetadata): boolean => readOf(network, known) !== undefined;
    const kept = listed
      .map((network) => readOf(network, known))
      .filter((each) => each !== undefined);
    const unknown = listed.filter((network) => !isKnown(network));
    if (unknown.length > FEW_NETWORKS && unknown.length * REQUEST_BYTES > bytesOf(kept)) {
      return remember(await reads.whole());
    }
    const read: NetworkRead[] = [];
    for (const group of inGroups(unknown, SIDE_BY_SIDE)) {
      read.push(...(await Promise.all(group.map(reads.one))).flat());
    }
    return remember([...kept, ...read]);
  };
}

function readOf(
  { uid, resourceVersion }: NetworkMetadata,
  known: ReadonlyMap<string, NetworkRead>,
): NetworkRead | undefined {
  const before = known.get(uid);
  const isSame = resourceVersion !== undefined && resourceVersion === before?.resourceVersion;
  return isSame ? before : undefined;
}

/** What a whole list would read again in vain. */
function bytesOf(networks: readonly NetworkRead[]): number {
  return networks.reduce((sum, { bytes }) => sum + bytes, 0);
}
