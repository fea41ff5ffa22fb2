import { readFile } from 'node:fs/promises';
import type { EKSClient } from '@aws-sdk/client-eks';
import { type ConfigurationOptions, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { of } from '@kubernetes/client-node/dist/gen/rxjsStub.js';
import { clusters } from '../shared/cluster/connect.ts';
import { ClusterUnavailable } from '../shared/cluster/eks.ts';
import { describeKubernetesError } from '../shared/cluster/errors.ts';
import type { Pod } from '../shared/cluster/kubernetes.ts';
import { listAll } from '../shared/cluster/list.ts';
import { podFromObject } from '../shared/cluster/pods.ts';
import type { Clock } from '../shared/time/clock.ts';
import { withDeadline } from '../shared/time/deadline.ts';
import { BadInput, Failed } from './failure.ts';

const REQUEST_TIMEOUT_MS = 15_000;
/** As client-go pages. */
const PAGE_SIZE = 500;

export interface ClusterChoice {
  readonly cluster: string;
  /** A file whose current context is the cluster; absent: EKS says where it is. */
  readonly kubeconfig?: string;
}

/**
 * All pods of a cluster, read with the operator's own credentials.
 *
 * @param eks of the cluster's region.
 * @throws BadInput where there is no such cluster or kubeconfig; Failed where it can't be read.
 */
export async function podsOf(
  { cluster, kubeconfig }: ClusterChoice,
  eks: EKSClient,
  clock: Clock,
): Promise<Pod[]> {
  if (kubeconfig !== undefined) {
    const api = await apiOf(kubeconfig);
    return unlessRefused(cluster, () =>
      listAll(podFromObject, (page) =>
        withDeadline(clock, REQUEST_TIMEOUT_MS, undefined, (signal) =>
          api.listPodForAllNamespaces({ limit: PAGE_SIZE, ...page }, endedBy(signal)),
        ),
      ),
    );
  }
  return unlessRefused(cluster, async () => {
    const connect = clusters({
      clock,
      region: await eks.config.region(),
      eks: () => eks,
      credentials: () => eks.config.credentials(),
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
    });
    const kubernetes = await connect({ name: cluster });
    return kubernetes.listPods({});
  });
}

async function apiOf(path: string): Promise<CoreV1Api> {
  try {
    const config = new KubeConfig();
    config.loadFromString(await readFile(path, 'utf8'));
    return config.makeApiClient(CoreV1Api);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new BadInput(`kubeconfig ${path}: ${said}`, { cause: error });
  }
}

/** The client has no time-out of its own, and a request that is not ended keeps the process alive. */
function endedBy(signal: AbortSignal): ConfigurationOptions {
  return {
    middlewareMergeStrategy: 'append',
    middleware: [
      {
        pre(request) {
          request.setSignal(signal);
          return of(request);
        },
        post: (response) => of(response),
      },
    ],
  };
}

async function unlessRefused<T>(cluster: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const line = describeKubernetesError(error, { cluster });
    if (error instanceof ClusterUnavailable && error.kind === 'cluster-not-found') {
      throw new BadInput(line, { cause: error });
    }
    throw new Failed(line, { cause: error });
  }
}
