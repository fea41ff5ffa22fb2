import type { coreEvent } from './events.ts';
import type { objectOfLedger } from './ledgers.ts';
import type { EachItem, PageOfList, PageRead } from './list.ts';
import { MalformedObjectError } from './malformed.ts';
import { PATHS, withQuery } from './paths.ts';
import { readItems } from './read-items.ts';
import type { PatchOperation } from './room-resources.ts';
import { type ApiRequest, type ApiTransport, readText } from './transport.ts';

/** Of a single object: etcd holds 1.5 MiB by default, and JSON is longer than what etcd holds. */
const LONGEST_ANSWER_BYTES = 32 * 1024 * 1024;

/**
 * A list of metadata alone, or of whole objects if there is no such form
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches).
 */
const METADATA_ALONE =
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json';

export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

/** A patch of a pod or its status: by a strategic merge of the status, a JSON merge (RFC 7396) else. */
export interface PodPatch extends PodName {
  readonly body: unknown;
  readonly fieldManager: string;
}

/** A JSON patch of a Node's status. */
export interface NodePatch {
  readonly name: string;
  readonly body: readonly PatchOperation[];
  readonly fieldManager: string;
}

export interface EventCreation {
  readonly body: ReturnType<typeof coreEvent>;
  readonly fieldManager: string;
}

export interface LedgerWrite {
  readonly body: ReturnType<typeof objectOfLedger>;
  readonly fieldManager: string;
}

/** Of that very version: nobody wrote to it since. */
export interface LedgerDeletion {
  readonly eniId: string;
  readonly version: string;
}

/** An answer, and when the API server gave it. */
export interface Dated {
  readonly body: unknown;
  /** The header `Date` (RFC 9110, 6.6.1), to the second; absent if there is none. */
  readonly date: string | undefined;
}

/**
 * The calls of the Kubernetes API that are used. Each gives what was answered, read as JSON and no
 * further, and throws what the transport throws, and MalformedObjectError for an answer that is no JSON.
 * A list gives its items one by one, and throws what `readItems` throws.
 */
export interface KubernetesCalls {
  listPods(
    query: PageOfList & { readonly fieldSelector?: string },
    each: EachItem,
    signal: AbortSignal,
  ): Promise<PageRead>;
  readPod(pod: PodName, signal: AbortSignal): Promise<unknown>;
  /** Answers with the pod as it is then. */
  patchPod(patch: PodPatch, signal: AbortSignal): Promise<Dated>;
  patchPodStatus(patch: PodPatch, signal: AbortSignal): Promise<unknown>;
  readNode(name: string, signal: AbortSignal): Promise<unknown>;
  patchNodeStatus(patch: NodePatch, signal: AbortSignal): Promise<unknown>;
  listNodes(query: PageOfList, each: EachItem, signal: AbortSignal): Promise<PageRead>;
  /** The metadata of each is there, and the rest need not be. */
  listNodesMetadata(query: PageOfList, each: EachItem, signal: AbortSignal): Promise<PageRead>;
  listNetworks(query: PageOfList, each: EachItem, signal: AbortSignal): Promise<PageRead>;
  /** As `listNodesMetadata`. */
  listNetworksMetadata(query: PageOfList, each: EachItem, signal: AbortSignal): Promise<PageRead>;
  listNetworksOf(
    namespace: string,
    query: PageOfList & { readonly fieldSelector: string },
    each: EachItem,
    signal: AbortSignal,
  ): Promise<PageRead>;
  listIpPools(query: PageOfList, each: EachItem, signal: AbortSignal): Promise<PageRead>;
  createEvent(creation: EventCreation, signal: AbortSignal): Promise<unknown>;
  readLedger(eniId: string, signal: AbortSignal): Promise<unknown>;
  listLedgers(query: PageOfList, each: EachItem, signal: AbortSignal): Promise<PageRead>;
  /** Creates it if it has no `resourceVersion`; otherwise replaces that very version. */
  writeLedger(write: LedgerWrite, signal: AbortSignal): Promise<unknown>;
  deleteLedger(deletion: LedgerDeletion, signal: AbortSignal): Promise<unknown>;
}

export function kubernetesCalls(transport: ApiTransport): KubernetesCalls {
  const send = async (request: ApiRequest): Promise<Dated> => {
    const response = await transport(request);
    const text = await readText(response, LONGEST_ANSWER_BYTES);
    return { body: json(text, request), date: response.headers.date };
  };
  const get = async (path: string, signal: AbortSignal): Promise<unknown> =>
    (await send({ path, signal })).body;
  const list =
    (path: string, how: Pick<ApiRequest, 'accept'> = {}) =>
    async (query: PageOfList, each: EachItem, signal: AbortSignal): Promise<PageRead> => {
      const request = { ...how, path: withQuery(path, { ...query }), takesGzip: true, signal };
      return readItems(await transport(request), `GET ${request.path}`, each);
    };
  const patch = (
    path: string,
    how: Pick<PodPatch, 'body' | 'fieldManager'>,
    contentType: string,
    signal: AbortSignal,
  ) => {
    const { body, fieldManager } = how;
    const method = 'PATCH';
    return send({ method, path: withQuery(path, { fieldManager }), body, contentType, signal });
  };

  return {
    listPods: list(PATHS.pods),
    readPod: ({ namespace, name }, signal) => get(PATHS.pod(namespace, name), signal),
    patchPod: (how, signal) =>
      patch(PATHS.pod(how.namespace, how.name), how, 'application/merge-patch+json', signal),
    async patchPodStatus(how, signal) {
      const path = PATHS.podStatus(how.namespace, how.name);
      return (await patch(path, how, 'application/strategic-merge-patch+json', signal)).body;
    },
    readNode: (name, signal) => get(PATHS.node(name), signal),
    async patchNodeStatus(how, signal) {
      const path = PATHS.nodeStatus(how.name);
      return (await patch(path, how, 'application/json-patch+json', signal)).body;
    },
    listNodes: list(PATHS.nodes),
    listNodesMetadata: list(PATHS.nodes, { accept: METADATA_ALONE }),
    listNetworks: list(PATHS.networks),
    listNetworksMetadata: list(PATHS.networks, { accept: METADATA_ALONE }),
    listNetworksOf: (namespace, ...given) => list(PATHS.networksOf(namespace))(...given),
    listIpPools: list(PATHS.ipPools),
    async createEvent({ body, fieldManager }, signal) {
      const path = withQuery(PATHS.events(body.metadata.namespace), { fieldManager });
      return (await send({ method: 'POST', path, body, signal })).body;
    },
    readLedger: (eniId, signal) => get(PATHS.ledger(eniId), signal),
    listLedgers: list(PATHS.ledgers),
    async writeLedger({ body, fieldManager }, signal) {
      const { name, resourceVersion } = body.metadata;
      const isNew = resourceVersion === undefined;
      const path = withQuery(isNew ? PATHS.ledgers : PATHS.ledger(name), { fieldManager });
      return (await send({ method: isNew ? 'POST' : 'PUT', path, body, signal })).body;
    },
    async deleteLedger({ eniId, version }, signal) {
      const body = { preconditions: { resourceVersion: version } };
      const path = PATHS.ledger(eniId);
      return (await send({ method: 'DELETE', path, body, signal })).body;
    },
  };
}

function json(text: string, { method = 'GET', path }: ApiRequest): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new MalformedObjectError(`${method} ${path}: the answer is no JSON`, { cause: error });
  }
}
