import { randomUUID } from 'node:crypto';
import {
  type ConfigurationOptions,
  CoreV1Api,
  CustomObjectsApi,
  createConfiguration,
  HttpMethod,
  KubeConfig,
  Observable,
  PatchStrategy,
  RequestContext,
  ServerConfiguration,
  setHeaderOptions,
} from '@kubernetes/client-node';
import type { Clock } from '../clock.ts';
import { withDeadline } from './deadline.ts';
import { refusalOf } from './errors.ts';
import { coreEvent, FIELD_MANAGER } from './events.ts';
import { CONDITION_TYPE, type Kubernetes } from './kubernetes.ts';
import { listAll } from './list.ts';
import { NETWORKS, networkFromObject } from './networks.ts';
import { nodeFromObject } from './nodes.ts';
import { podFromObject } from './pods.ts';

/** How many objects a page of a list holds, as client-go pages. */
const PAGE_SIZE = 500;

export interface KubernetesOptions {
  /** The API server's address, `https://…`. */
  readonly server: string;
  /** The certificate authority that signed the API server's certificate, PEM in base64. */
  readonly caData: string;
  /** The bearer token, asked for at every request. */
  readonly token: () => Promise<string>;
  readonly clock: Clock;
  /** A single request, and so a single page of a list, is given up after this. */
  readonly requestTimeoutMs: number;
  /** Is told of every request that failed, other than by the caller's own signal. */
  readonly onFailure?: (error: unknown) => void;
  /** Makes an Event's name unique. */
  readonly uuid?: () => string;
}

/**
 * Speaks to one API server, over connections that are kept between calls.
 *
 * Every call throws the signal's reason once its signal is aborted, a `TimeoutError`
 * after `requestTimeoutMs`, MalformedObject, and else what the client throws: see
 * `kubernetesFailure`.
 */
export async function connectKubernetes(options: KubernetesOptions): Promise<Kubernetes> {
  const configuration = await configure(options);
  const core = new CoreV1Api(configuration);
  const custom = new CustomObjectsApi(configuration);
  const uuid = options.uuid ?? randomUUID;

  const call = async <T>(
    signal: AbortSignal | undefined,
    request: (how: ConfigurationOptions) => Promise<T>,
  ): Promise<T> => {
    try {
      return await withDeadline(options.clock, options.requestTimeoutMs, signal, (deadline) =>
        request(abortedBy(deadline)),
      );
    } catch (error) {
      if (signal?.aborted !== true) options.onFailure?.(error);
      throw error;
    }
  };

  return {
    listPods: ({ node, signal }) =>
      listAll(podFromObject, (page) =>
        call(signal, (how) =>
          core.listPodForAllNamespaces(
            {
              limit: PAGE_SIZE,
              ...page,
              ...(node === undefined
                ? {}
                : { fieldSelector: `spec.nodeName=${escapeField(node)}` }),
            },
            how,
          ),
        ),
      ),

    async getNode(name, signal) {
      const object = await call(signal, (how) => core.readNode({ name }, how)).catch(
        unlessNotFound,
      );
      return object === undefined ? undefined : nodeFromObject(object);
    },

    listNodes: (signal) =>
      listAll(nodeFromObject, (page) =>
        call(signal, (how) => core.listNode({ limit: PAGE_SIZE, ...page }, how)),
      ),

    async listNetworkAttachmentDefinitions(signal) {
      const networks = await listAll(networkFromObject, (page) =>
        call(signal, (how) =>
          custom.listClusterCustomObject({ ...NETWORKS, limit: PAGE_SIZE, ...page }, how),
        ),
      ).catch(unlessNotFound);
      return networks ?? [];
    },

    async setPodCondition(pod, { lastTransitionTime, ...condition }, signal) {
      const body = {
        // The API server refuses the patch where the pod of that name is another one by now.
        metadata: { uid: pod.uid },
        status: {
          conditions: [
            {
              type: CONDITION_TYPE,
              ...condition,
              ...(lastTransitionTime === undefined
                ? {}
                : { lastTransitionTime: new Date(lastTransitionTime).toISOString() }),
            },
          ],
        },
      };
      const { namespace, name } = pod;
      await call(signal, (how) =>
        core.patchNamespacedPodStatus(
          { namespace, name, body, fieldManager: FIELD_MANAGER },
          setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch, how),
        ),
      ).catch(unlessGone);
    },

    async writeEvent(event, signal) {
      const body = coreEvent(event, uuid());
      const { namespace } = body.metadata;
      await call(signal, (how) =>
        core.createNamespacedEvent({ namespace, body, fieldManager: FIELD_MANAGER }, how),
      ).catch(unlessNamespaceGone);
    },
  };
}

/** One dispatcher, and so one pool of connections: a KubeConfig makes a new one for every request. */
async function configure({ server, caData, token }: KubernetesOptions) {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    { name: 'cluster', server, caData, skipTLSVerify: false },
    { name: 'user' },
  );
  const sample = new RequestContext(server, HttpMethod.GET);
  await kubeConfig.applySecurityAuthentication(sample);
  const dispatcher = sample.getDispatcher();
  return createConfiguration({
    baseServer: new ServerConfiguration(server, {}),
    authMethods: {
      default: {
        getName: () => 'bearer token',
        async applySecurityAuthentication(request) {
          request.setHeaderParam('Authorization', `Bearer ${await token()}`);
          if (dispatcher !== undefined) request.setDispatcher(dispatcher);
        },
      },
    },
  });
}

function abortedBy(signal: AbortSignal): ConfigurationOptions {
  return {
    middleware: [
      {
        pre(request) {
          request.setSignal(signal);
          return new Observable(Promise.resolve(request));
        },
        post: (response) => new Observable(Promise.resolve(response)),
      },
    ],
    middlewareMergeStrategy: 'append',
  };
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

function unlessNamespaceGone(error: unknown): undefined {
  const refusal = refusalOf(error);
  if (refusal?.code === 404) return;
  const causes = refusal?.status.details?.causes ?? [];
  if (refusal?.code === 403 && causes.some(({ reason }) => reason === 'NamespaceTerminating')) {
    return;
  }
  throw error;
}
