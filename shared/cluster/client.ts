import { randomUUID } from 'node:crypto';
import type { Clock } from '../time/clock.ts';
import { withDeadline } from '../time/deadline.ts';
import { sharedList } from '../time/shared-list.ts';
import { unlessAborted } from '../time/unless-aborted.ts';
import { type KubernetesCalls, kubernetesCalls } from './calls.ts';
import { refusalOf } from './errors.ts';
import { coreEvent, FIELD_MANAGER } from './events.ts';
import { CONDITION_TYPE, type Kubernetes, type PodCondition, type PodRef } from './kubernetes.ts';
import { ledgerClient } from './ledger-client.ts';
import {
  type EachItem,
  listAll,
  listUntil,
  type PageOfList,
  type PageRead,
  pageSize,
  type ReadPage,
} from './list.ts';
import {
  bytesOf,
  type NetworkList,
  type NetworkRead,
  type NetworkReads,
  rememberingNetworkList,
} from './network-list.ts';
import { networkFromObject, networkMetadataFromObject } from './networks.ts';
import { nodeReadFromObject, rememberingNodeList } from './node-list.ts';
import { nodeFromObject, nodeMetadataFromObject } from './nodes.ts';
import { podFromObject } from './pods.ts';
import { poolFromObject } from './reservations.ts';
import type { ApiTransport } from './transport.ts';

/** How many objects a page of a list holds, as client-go pages. */
const PAGE_SIZE = 500;
/**
 * How many pods the first page of all holds: a node's, by default (kubelet-config.v1beta1, `maxPods`). With the
 * largest annotations that there are, the page is shorter than LONGEST_PAGE, and nothing is read in vain.
 */
const FIRST_PODS = 110;
/** How many definitions the first page of all holds: nobody knows yet how large they are. */
const FIRST_NETWORKS = 20;
/** An object whose JSON has more characters is large: a pod has some thousands, a network some hundreds. */
const LARGE = 256 * 1024;
/** If whereabouts keeps a pool for each node, there are as many pools as nodes, and they are small. */
const POOLS_PAGE_SIZE = 1_000;

export interface KubernetesOptions {
  readonly transport: ApiTransport;
  readonly clock: Clock;
  /** A single request, and so a single page of a list, is given up after this. */
  readonly requestTimeoutMs: number;
  /**
   * How many bytes of NetworkAttachmentDefinitions are read unasked; others are left unread. Absent:
   * all are read.
   */
  readonly bytesOfNetworks?: number;
  /** Is told of every request that failed, other than by the caller's own signal. */
  readonly onFailure?: (error: unknown) => void;
  /** Makes the name of an Event without an id unique. */
  readonly uuid?: () => string;
}

/**
 * What one API server is asked and told.
 *
 * Every call throws the signal's reason once its signal is aborted, a `TimeoutError` after
 * `requestTimeoutMs`, MalformedObjectError, and otherwise what the transport throws: see
 * `kubernetesFailure`.
 *
 * @param calls if somebody looks at the answers.
 */
export function connectKubernetes(
  options: KubernetesOptions,
  calls: KubernetesCalls = kubernetesCalls(options.transport),
): Kubernetes {
  const call = callerWithDeadline(options);
  const uuid = options.uuid ?? randomUUID;

  const sizeOfPods = pageSize(PAGE_SIZE, FIRST_PODS);
  const listPods: Kubernetes['listPods'] = ({ node, signal }) =>
    listAll({
      page: pages(call, signal, (query, each, deadline) =>
        calls.listPods({ ...query, fieldSelector: boundTo(node) }, each, deadline),
      ),
      size: sizeOfPods,
      parse: (pod, length) => ({ ...podFromObject(pod), ...largeIf(length) }),
    });
  const readNode = (name: string, signal?: AbortSignal): Promise<unknown> =>
    call(signal, (deadline) => calls.readNode(name, deadline)).catch(unlessNotFound);
  // Each take-over from an ENI that is no node's asks for all of them, and a batch may have many.
  const listAllPods = sharedList(() => listPods({}));
  const networks = networkList(calls, call, options.bytesOfNetworks);

  return {
    ...nodeStatuses(calls, call),
    ...ledgerClient(calls, call, (signal, list) => pages(call, signal, list)),

    listPods: (options) =>
      options.node === undefined ? listAllPods(options.signal) : listPods(options),

    async getNode(name, signal) {
      const object = await readNode(name, signal);
      return object === undefined ? undefined : nodeFromObject(object);
    },

    // Each reconcile that releases asks for all of them, and a batch has ten.
    listNodes: sharedList(nodeList(calls, call, readNode)),

    // Each reconcile asks for all of them.
    listNetworkAttachmentDefinitions: sharedList(
      async () => (await networks.list().catch(unlessNotFound)) ?? [],
    ),

    readNetworkAttachmentDefinitions: (unread, signal) =>
      unlessAborted(networks.read(unread), signal),

    listIpPools: (signal) =>
      listAll({
        page: pages(call, signal, calls.listIpPools),
        size: pageSize(POOLS_PAGE_SIZE),
        parse: poolFromObject,
      }).catch(unlessNotFound),

    async setPodCondition(pod, condition, signal) {
      const { namespace, name } = pod;
      const body = conditionPatch(pod, condition);
      const patch = { namespace, name, body, fieldManager: FIELD_MANAGER };
      await call(signal, (deadline) => calls.patchPodStatus(patch, deadline)).catch(unlessGone);
    },

    async writeEvent(event, signal) {
      const body = coreEvent(event, uuid());
      const creation = { body, fieldManager: FIELD_MANAGER };
      await call(signal, (deadline) => calls.createEvent(creation, deadline)).catch(
        unlessWrittenOrNamespaceGone,
      );
    },
  };
}

type Call = ReturnType<typeof callerWithDeadline>;

function nodeList(calls: KubernetesCalls, call: Call, one: (name: string) => Promise<unknown>) {
  return rememberingNodeList({
    whole: () =>
      listAll({ page: pages(call, undefined, calls.listNodes), parse: nodeReadFromObject }),
    metadata: () =>
      listAll({
        page: pages(call, undefined, calls.listNodesMetadata),
        parse: nodeMetadataFromObject,
      }),
    one,
  });
}

function networkList(
  calls: KubernetesCalls,
  call: Call,
  bytesOfList = Number.POSITIVE_INFINITY,
): NetworkList {
  const size = pageSize(PAGE_SIZE, FIRST_NETWORKS);
  const sizeOfMetadata = pageSize(PAGE_SIZE);
  const parse = (object: unknown, bytes: number): NetworkRead => ({
    ...networkMetadataFromObject(object),
    definition: { ...networkFromObject(object), ...largeIf(bytes) },
    bytes,
  });
  const reads: NetworkReads = {
    async whole(most) {
      const page = pages(call, undefined, calls.listNetworks);
      const read = await listUntil({ page, size, parse }, (items) => bytesOf(items) >= most);
      return { networks: read.items, isComplete: read.isComplete };
    },
    metadata: () =>
      listAll({
        page: pages(call, undefined, calls.listNetworksMetadata),
        size: sizeOfMetadata,
        parse: networkMetadataFromObject,
      }),
    // The right to list is enough for one by its name, too.
    one: ({ namespace, name }) =>
      listAll({
        page: pages(call, undefined, (query, ...given) => {
          const fieldSelector = `metadata.name=${escapeField(name)}`;
          return calls.listNetworksOf(namespace, { ...query, fieldSelector }, ...given);
        }),
        parse,
      }),
  };
  return rememberingNetworkList(reads, bytesOfList);
}

function nodeStatuses(
  calls: KubernetesCalls,
  call: Call,
): Pick<Kubernetes, 'listWholeNodes' | 'patchNodeStatus'> {
  return {
    listWholeNodes: (signal) =>
      listAll({ page: pages(call, signal, calls.listNodes), parse: nodeFromObject }),

    async patchNodeStatus({ name, uid }, operations, signal) {
      const body = [{ op: 'test', path: '/metadata/uid', value: uid } as const, ...operations];
      const patch = { name, body, fieldManager: FIELD_MANAGER };
      await call(signal, (deadline) => calls.patchNodeStatus(patch, deadline)).catch(
        unlessOtherwiseByNow,
      );
    },
  };
}

function largeIf(length: number): { readonly large?: number } {
  return length > LARGE ? { large: length } : {};
}

/** Reads each page of a list as one request. */
function pages(
  call: Call,
  signal: AbortSignal | undefined,
  list: (query: PageOfList, each: EachItem, deadline: AbortSignal) => Promise<PageRead>,
): ReadPage {
  return (query, each) => call(signal, (deadline) => list(query, each, deadline));
}

/** Runs a request within the time that one may take, and tells of its failure. */
function callerWithDeadline({ clock, requestTimeoutMs, onFailure }: KubernetesOptions) {
  return async <T>(
    signal: AbortSignal | undefined,
    request: (deadline: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    try {
      return await withDeadline(clock, requestTimeoutMs, signal, request);
    } catch (error) {
      if (signal?.aborted !== true) onFailure?.(error);
      throw error;
    }
  };
}

/** The patch of a pod's status that sets our condition and leaves all others. */
function conditionPatch(
  { uid }: PodRef,
  { lastTransitionTime, ...condition }: PodCondition & { readonly lastTransitionTime?: number },
) {
  const since =
    lastTransitionTime === undefined
      ? {}
      : { lastTransitionTime: new Date(lastTransitionTime).toISOString() };
  return {
    // The API server refuses the patch if the pod of that name is another one by now.
    metadata: { uid },
    status: { conditions: [{ type: CONDITION_TYPE, ...condition, ...since }] },
  };
}

/** Chooses the pods of one node, if a node is given. */
function boundTo(node: string | undefined): string | undefined {
  return node === undefined ? undefined : `spec.nodeName=${escapeField(node)}`;
}

/** A value in a field selector: the API server reads `\`, `,` and `=` as syntax unless escaped. */
function escapeField(value: string): string {
  return value.replaceAll(/[\\,=]/g, '\\$&');
}

function unlessNotFound(error: unknown): undefined {
  if (refusalOf(error)?.code !== 404) throw error;
}

/** A patch for another uid is a Conflict, or Invalid because a uid cannot be changed. */
function unlessGone(error: unknown): undefined {
  const refusal = refusalOf(error);
  if (refusal?.code === 404) return;
  const causes = refusal?.status.details?.causes ?? [];
  const otherUid =
    refusal?.status.message?.includes('Precondition failed: UID') === true ||
    causes.some(({ field }) => field === 'metadata.uid');
  if ((refusal?.code === 409 || refusal?.code === 422) && otherUid) return;
  throw error;
}

/** What a JSON patch tests, or removes, is not so any more; a value that is refused has causes. */
function unlessOtherwiseByNow(error: unknown): undefined {
  const refusal = refusalOf(error);
  if (refusal?.code === 404) return;
  if (refusal?.code === 422 && refusal.status.details?.causes === undefined) return;
  throw error;
}

/** An Event of that name is our own: it was written before, or its request was sent twice. */
function unlessWrittenOrNamespaceGone(error: unknown): undefined {
  const refusal = refusalOf(error);
  if (refusal?.code === 404) return;
  if (refusal?.code === 409 && refusal.status.reason === 'AlreadyExists') return;
  const causes = refusal?.status.details?.causes ?? [];
  if (refusal?.code === 403 && causes.some(({ reason }) => reason === 'NamespaceTerminating')) {
    return;
  }
  throw error;
}
