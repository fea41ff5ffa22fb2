import {
  ApiException,
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  type V1Pod,
  type V1PodSpec,
  Watch,
} from '@kubernetes/client-node';
import { onTestFinished } from 'vitest';
import {
  type KubernetesOptions,
  type RunningKubernetes,
  startKubernetes,
} from '../../../sandbox/kubernetes/kubernetes.ts';

export interface Connected {
  readonly kubernetes: RunningKubernetes;
  readonly config: KubeConfig;
  readonly core: CoreV1Api;
  readonly leases: CoordinationV1Api;
  readonly custom: CustomObjectsApi;
}

/** A sandbox API server with clients of `@kubernetes/client-node`, stopped with the test. */
export async function connect(options?: KubernetesOptions, token?: string): Promise<Connected> {
  const kubernetes = await startKubernetes(options);
  onTestFinished(() => kubernetes.stop());
  const config = new KubeConfig();
  config.loadFromString(kubernetes.kubeconfig(token));
  return {
    kubernetes,
    config,
    core: config.makeApiClient(CoreV1Api),
    leases: config.makeApiClient(CoordinationV1Api),
    custom: config.makeApiClient(CustomObjectsApi),
  };
}

/** A pod of one container. */
export function pod(
  name: string,
  spec: Partial<V1PodSpec> = {},
): V1Pod & { metadata: { name: string } } {
  return { metadata: { name }, spec: { containers: [{ name: 'app', image: 'app' }], ...spec } };
}

/** The HTTP code of a refused call; a call that succeeds fails the test. */
export async function codeOf(call: Promise<unknown>): Promise<number> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ApiException) return error.code;
    throw error;
  }
  throw new Error('the call was not refused');
}

export interface Seen {
  readonly type: string;
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly code?: number | undefined;
}

/** A watch on the pods of all namespaces, with what it has shown so far. */
export async function watchPods(
  config: KubeConfig,
  query: Record<string, string | number | boolean>,
): Promise<{ readonly seen: Seen[]; readonly ended: Promise<unknown> }> {
  const seen: Seen[] = [];
  const end = Promise.withResolvers<unknown>();
  const controller = await new Watch(config).watch(
    '/api/v1/pods',
    query,
    (type, object) => {
      const { metadata = {}, code } = object;
      seen.push({ type, name: metadata.name, version: metadata.resourceVersion, code });
    },
    (error) => end.resolve(error),
  );
  onTestFinished(() => controller.abort());
  return { seen, ended: end.promise };
}
