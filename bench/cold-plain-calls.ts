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
import type { TokenEndpoint } from '../shared/cluster/authenticated-transport.ts';
import type { KubernetesCalls } from '../shared/cluster/calls.ts';
import type { EachItem, PageRead } from '../shared/cluster/list.ts';
import { NETWORK_DEFINITIONS } from '../shared/cluster/networks.ts';

/** The calls that the functions make. */
type FunctionCalls = Pick<
  KubernetesCalls,
  'listPods' | 'readNode' | 'listNodes' | 'listNetworks' | 'patchPodStatus' | 'createEvent'
>;

/** What shared/cluster/calls.ts gives, with the Kubernetes client as its package offers it. */
async function plainCalls(options: TokenEndpoint): Promise<FunctionCalls> {
  const configuration = await configure(options);
  const core = new CoreV1Api(configuration);
  const custom = new CustomObjectsApi(configuration);
  return {
    listPods: async ({ continue: _continue, ...query }, each, signal) =>
      pageOf(await core.listPodForAllNamespaces({ ...query, _continue }, abortedBy(signal)), each),
    readNode: (name, signal) => core.readNode({ name }, abortedBy(signal)),
    listNodes: async ({ continue: _continue, ...query }, each, signal) =>
      pageOf(await core.listNode({ ...query, _continue }, abortedBy(signal)), each),
    listNetworks: async ({ continue: _continue, ...query }, each, signal) =>
      pageOf(
        await custom.listClusterCustomObject(
          { ...NETWORK_DEFINITIONS, ...query, _continue },
          abortedBy(signal),
        ),
        each,
      ),
    patchPodStatus: (patch, signal) =>
      core.patchNamespacedPodStatus(
        patch,
        setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch, abortedBy(signal)),
      ),
    createEvent: ({ body, fieldManager }, signal) =>
      core.createNamespacedEvent(
        { namespace: body.metadata.namespace, body, fieldManager },
        abortedBy(signal),
      ),
  };
}

/** Of a page that is there as a whole. */
function pageOf(list: { readonly items: readonly unknown[] }, each: EachItem): PageRead {
  for (const item of list.items) each(item, 1);
  return { list: { ...list, items: [] }, length: 1 };
}

/** In the place of our transport: what the calls need of it. */
export function tokenTransport(options: TokenEndpoint): TokenEndpoint {
  return options;
}

/** The same, made on the first call, as its making waits. */
export function kubernetesCalls(options: TokenEndpoint): FunctionCalls {
  const calls = plainCalls(options);
  calls.catch(() => {});
  return {
    listPods: async (...args) => (await calls).listPods(...args),
    readNode: async (...args) => (await calls).readNode(...args),
    listNodes: async (...args) => (await calls).listNodes(...args),
    listNetworks: async (...args) => (await calls).listNetworks(...args),
    patchPodStatus: async (...args) => (await calls).patchPodStatus(...args),
    createEvent: async (...args) => (await calls).createEvent(...args),
  };
}

/** One dispatcher, and so one pool of connections: a KubeConfig makes one for every request. */
async function configure({ server, caData, token }: TokenEndpoint) {
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
