import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type OwnPod, ownPod } from '../../../ip-manager/addresses/own-pod.ts';
import { readEnvironment } from '../../../ip-manager/environment.ts';
import { ADMIN_TOKEN } from '../../../sandbox/kubernetes/authentication.ts';
import { type RunningKubernetes, startKubernetes } from '../../../sandbox/kubernetes/kubernetes.ts';
import { NETWORK_STATUS } from '../../../shared/cluster/annotations.ts';
import { CONDITION_TYPE } from '../../../shared/cluster/kubernetes.ts';
import { systemClock } from '../../../shared/time/clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

export const POD = { namespace: 'default', name: 'sampleapp' };

/** An API server, and a pod with a service account. */
export interface PodsApiServer {
  readonly api: RunningKubernetes;
  /** What the pod's containers have in their environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly ownPod: () => Promise<OwnPod>;
  annotations(): Readonly<Record<string, string>>;
  annotate(annotations: Readonly<Record<string, string>>): void;
  /** Tokens that it accepts; at first the one of the service account's file. */
  readonly tokens: Set<string>;
  /** As the kubelet writes it when it renews it. */
  writeToken(token: string): Promise<void>;
  setCondition(status: 'True' | 'False', message: string): void;
}

/**
 * @param addresses those of `net1`.
 * @param verbs what the service account may do with pods: asked at each request.
 */
export async function startApiServer(
  addresses: readonly string[] = ['172.16.1.70'],
  verbs: readonly string[] = ['get', 'patch'],
): Promise<PodsApiServer> {
  const tokens = new Set([ADMIN_TOKEN]);
  const user = { username: 'system:serviceaccount:default:ip-manager', groups: [] };
  const api = await startKubernetes({
    authenticate: (token) => (tokens.has(token) ? user : undefined),
    authorize: (_, { verb, resource }) => resource === 'pods' && verbs.includes(verb),
  });
  onTestFinished(() => api.stop());
  const status = [{ name: 'default/ipvlan-conf-1', interface: 'net1', ips: addresses }];
  const annotations = addresses.length > 0 ? { [NETWORK_STATUS]: JSON.stringify(status) } : {};
  api.objects.create('pods', {
    metadata: { ...POD, annotations },
    spec: { nodeName: 'worker', containers: [{ name: 'app', image: 'app' }] },
  });
  const env = await podEnvironment(api);
  return {
    api,
    env,
    ownPod: () => ownPod(readEnvironment(env), { hostname: POD.name, clock: systemClock }),
    annotations: () => api.objects.get('pods', POD).metadata.annotations ?? {},
    annotate: (more) => void api.objects.patch('pods', POD, { metadata: { annotations: more } }),
    tokens,
    writeToken: (token) => writeFile(join(env.SERVICE_ACCOUNT_DIRECTORY, 'token'), `${token}\n`),
    setCondition(conditionStatus, message) {
      const condition = { type: CONDITION_TYPE, status: conditionStatus, reason: 'Test', message };
      const patch = { status: { conditions: [condition] } };
      api.objects.patch('pods', POD, patch, { subresource: 'status' });
    },
  };
}

/** The environment of a pod's containers, with a service account that lasts until the test ends. */
export async function podEnvironment(api: RunningKubernetes) {
  const { hostname, port } = new URL(api.url);
  return {
    KUBERNETES_SERVICE_HOST: hostname,
    KUBERNETES_SERVICE_PORT: port,
    SERVICE_ACCOUNT_DIRECTORY: await serviceAccount(api),
  };
}

async function serviceAccount(api: RunningKubernetes): Promise<string> {
  const directory = await temporaryFolder();
  await writeFile(join(directory, 'token'), `${ADMIN_TOKEN}\n`);
  await writeFile(join(directory, 'namespace'), POD.namespace);
  await writeFile(join(directory, 'ca.crt'), Buffer.from(api.caData, 'base64'));
  return directory;
}
