import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../shared/clock.ts';
import { kubernetesCalls, type OwnPodCalls } from '../shared/cluster/calls.ts';
import { withDeadline } from '../shared/cluster/deadline.ts';
import { kubernetesFailure } from '../shared/cluster/errors.ts';
import type { Pod } from '../shared/cluster/kubernetes.ts';
import { podFromObject } from '../shared/cluster/pods.ts';
import type { Environment } from './environment.ts';
import { EXIT, Failure } from './exit-code.ts';

const FIELD_MANAGER = 'multus-eni-ip-manager';
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * The pod that the program runs in, through the pod's service account. Each throws what
 * `OwnPodCalls` throws, MalformedObject, and the signal's reason.
 */
export interface OwnPod {
  readonly namespace: string;
  readonly name: string;
  read(signal: AbortSignal): Promise<Pod>;
  /** Sets or removes (`null`) annotations, and answers with the pod as it is then. */
  annotate(annotations: Readonly<Record<string, string | null>>, signal: AbortSignal): Promise<Pod>;
}

/**
 * Finds the API server, and who this pod is: POD_NAME and POD_NAMESPACE, or else the host's name,
 * which a pod's name is, and the service account's namespace.
 *
 * @throws Failure where there is no API server or no service account.
 */
export async function ownPod(
  environment: Environment,
  { hostname, clock }: { readonly hostname: string; readonly clock: Clock },
): Promise<OwnPod> {
  const { kubernetesHost, kubernetesPort, serviceAccountDirectory: directory } = environment;
  if (kubernetesHost === undefined) {
    throw new Failure(
      EXIT.noPermission,
      'KUBERNETES_SERVICE_HOST is not set: this runs in a pod, which has the variable',
    );
  }
  const file = (name: string) => readServiceAccount(directory, name);
  const ca = await file('ca.crt');
  await file('token');
  const namespace = environment.podNamespace ?? (await file('namespace')).trim();
  const name = environment.podName ?? hostname;
  const host = kubernetesHost.includes(':') ? `[${kubernetesHost}]` : kubernetesHost;
  const calls = kubernetesCalls({
    server: `https://${host}:${kubernetesPort}`,
    caData: Buffer.from(ca).toString('base64'),
    // The kubelet renews the file.
    token: async () => (await file('token')).trim(),
  });
  const call = async (
    signal: AbortSignal,
    request: (calls: OwnPodCalls, deadline: AbortSignal) => Promise<unknown>,
  ): Promise<Pod> =>
    podFromObject(
      await withDeadline(clock, REQUEST_TIMEOUT_MS, signal, (deadline) => request(calls, deadline)),
    );
  return {
    namespace,
    name,
    read: (signal) =>
      call(signal, ({ readPod }, deadline) => readPod({ namespace, name }, deadline)),
    annotate(annotations, signal) {
      const body = { metadata: { annotations } };
      const patch = { namespace, name, body, fieldManager: FIELD_MANAGER };
      return call(signal, ({ patchPod }, deadline) => patchPod(patch, deadline));
    },
  };
}

async function readServiceAccount(directory: string, name: string): Promise<string> {
  try {
    return await readFile(join(directory, name), 'utf8');
  } catch (error) {
    throw new Failure(
      EXIT.noPermission,
      `no service account token: ${join(directory, name)} cannot be read. Set automountServiceAccountToken: true in the pod's spec`,
      { cause: error },
    );
  }
}

/** Whether the service account may not do what was tried. */
export function isForbidden(error: unknown): boolean {
  const { kind } = kubernetesFailure(error);
  return kind === 'forbidden' || kind === 'unauthorized';
}

/**
 * Why a call on the API server failed, where it may succeed the next time.
 *
 * @throws Failure where it will not.
 */
export function reasonToAskAgain(error: unknown, { namespace, name }: OwnPod): string {
  if (error instanceof Failure) throw error;
  const { kind, detail } = kubernetesFailure(error);
  const reason = `pod ${namespace}/${name}: ${detail}`;
  if (isForbidden(error)) {
    throw new Failure(
      EXIT.noPermission,
      `${reason}. Bind the Role of deploy/ip-manager-rbac in namespace ${namespace} to the pod's service account`,
      { cause: error },
    );
  }
  if (kind === 'refused') {
    throw new Failure(
      EXIT.badInput,
      `${reason}. Where the pod's host name is not its name, set POD_NAME and POD_NAMESPACE by the downward API`,
      { cause: error },
    );
  }
  if (kind === 'unknown') throw error;
  return reason;
}
