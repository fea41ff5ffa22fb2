import { CoreV1ApiRequestFactory } from '@kubernetes/client-node/dist/gen/apis/CoreV1Api.js';
import { CustomObjectsApiRequestFactory } from '@kubernetes/client-node/dist/gen/apis/CustomObjectsApi.js';
import { ApiException } from '@kubernetes/client-node/dist/gen/apis/exception.js';
import {
  type RequestContext,
  wrapHttpLibrary,
} from '@kubernetes/client-node/dist/gen/http/http.js';
import { ServerConfiguration } from '@kubernetes/client-node/dist/gen/servers.js';
import type { HttpsProxy } from '../proxy.ts';
import type { coreEvent } from './events.ts';
import { httpsLibrary } from './http.ts';
import { MalformedObject } from './malformed.ts';
import { NETWORKS } from './networks.ts';

export interface CallsOptions {
  /** The API server's address, `https://…`. */
  readonly server: string;
  /** The certificate authority that signed the API server's certificate, PEM in base64. */
  readonly caData: string;
  /** The bearer token, asked for at every request. */
  readonly token: () => Promise<string>;
  /** Through which proxy the API server is reached; absent: through none. */
  readonly proxy?: HttpsProxy;
}

export interface PageOfList {
  readonly limit: number;
  readonly _continue?: string;
}

export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

export interface PodStatusPatch extends PodName {
  /** A strategic merge patch. */
  readonly body: unknown;
  readonly fieldManager: string;
}

export interface PodPatch extends PodName {
  /** A JSON merge patch (RFC 7396). */
  readonly body: unknown;
  readonly fieldManager: string;
}

export interface EventCreation {
  readonly body: ReturnType<typeof coreEvent>;
  readonly fieldManager: string;
}

/**
 * The calls of the Kubernetes API that are used. Each gives what was answered, read as JSON and no
 * further, and throws the client's `ApiException` for an answer that is no success, MalformedObject
 * for one that is no JSON, the signal's abort, and what Node's sockets throw.
 */
export interface KubernetesCalls {
  listPods(
    query: PageOfList & { readonly fieldSelector?: string },
    signal: AbortSignal,
  ): Promise<unknown>;
  readNode(name: string, signal: AbortSignal): Promise<unknown>;
  listNodes(query: PageOfList, signal: AbortSignal): Promise<unknown>;
  listNetworks(query: PageOfList, signal: AbortSignal): Promise<unknown>;
  patchPodStatus(patch: PodStatusPatch, signal: AbortSignal): Promise<unknown>;
  createEvent(creation: EventCreation, signal: AbortSignal): Promise<unknown>;
}

/** An answer, and when the API server gave it. */
export interface Dated {
  readonly body: unknown;
  /** The header `Date` (RFC 9110, 6.6.1), to the second; absent where there is none. */
  readonly date: string | undefined;
}

/** The calls of a program in a pod about that pod, as those above. */
export interface OwnPodCalls {
  readPod(pod: PodName, signal: AbortSignal): Promise<unknown>;
  /** Answers with the pod as it is then. */
  patchPod(patch: PodPatch, signal: AbortSignal): Promise<Dated>;
}

/**
 * The Kubernetes client by the parts that are used: its generated requests, sent by `httpsLibrary`.
 * Its package as a whole takes longer to load than all else that the functions load, and turns every
 * answer into its own classes before ours are read of it.
 *
 * Deep imports are no public API, so package.json names one exact version.
 */
export function kubernetesCalls({
  server,
  caData,
  token,
  proxy,
}: CallsOptions): KubernetesCalls & OwnPodCalls {
  const http = httpsLibrary(Buffer.from(caData, 'base64').toString(), proxy);
  const configuration = {
    baseServer: new ServerConfiguration(server, {}),
    httpApi: wrapHttpLibrary(http),
    middleware: [],
    authMethods: {
      default: {
        getName: () => 'bearer token',
        async applySecurityAuthentication(request: RequestContext) {
          request.setHeaderParam('Authorization', `Bearer ${await token()}`);
        },
      },
    },
  };
  const core = new CoreV1ApiRequestFactory(configuration);
  const custom = new CustomObjectsApiRequestFactory(configuration);

  const datedAnswerTo = async (request: RequestContext, signal: AbortSignal): Promise<Dated> => {
    request.setSignal(signal);
    const { httpStatusCode: status, headers, body } = await http.send(request);
    const text = await body.text();
    if (status >= 200 && status < 300) return { body: json(text, request), date: headers.date };
    throw new ApiException(status, `${request.getHttpMethod()} ${request.getUrl()}`, text, headers);
  };
  const answerTo = async (request: RequestContext, signal: AbortSignal): Promise<unknown> =>
    (await datedAnswerTo(request, signal)).body;

  return {
    listPods: async ({ _continue, fieldSelector, limit }, signal) =>
      answerTo(
        await core.listPodForAllNamespaces(undefined, _continue, fieldSelector, undefined, limit),
        signal,
      ),
    readPod: async ({ namespace, name }, signal) =>
      answerTo(await core.readNamespacedPod(name, namespace), signal),
    async patchPod({ namespace, name, body, fieldManager }, signal) {
      const how = [undefined, undefined, fieldManager] as const;
      const request = await core.patchNamespacedPod(name, namespace, body, ...how);
      request.setHeaderParam('Content-Type', 'application/merge-patch+json');
      return datedAnswerTo(request, signal);
    },
    readNode: async (name, signal) => answerTo(await core.readNode(name), signal),
    listNodes: async ({ _continue, limit }, signal) =>
      answerTo(
        await core.listNode(undefined, undefined, _continue, undefined, undefined, limit),
        signal,
      ),
    async listNetworks({ _continue, limit }, signal) {
      const { group, version, plural } = NETWORKS;
      const where = [undefined, undefined, _continue, undefined, undefined, limit] as const;
      return answerTo(
        await custom.listClusterCustomObject(group, version, plural, ...where),
        signal,
      );
    },
    async patchPodStatus({ namespace, name, body, fieldManager }, signal) {
      const how = [undefined, undefined, fieldManager] as const;
      const request = await core.patchNamespacedPodStatus(name, namespace, body, ...how);
      request.setHeaderParam('Content-Type', 'application/strategic-merge-patch+json');
      return answerTo(request, signal);
    },
    async createEvent({ body, fieldManager }, signal) {
      const { namespace } = body.metadata;
      const how = [undefined, undefined, fieldManager] as const;
      return answerTo(await core.createNamespacedEvent(namespace, body, ...how), signal);
    },
  };
}

function json(text: string, request: RequestContext): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const what = `${request.getHttpMethod()} ${request.getUrl()}`;
    throw new MalformedObject(`${what}: the answer is no JSON`, { cause: error });
  }
}
