import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tokenTransport } from '../../shared/cluster/authenticated-transport.ts';
import { kubernetesCalls } from '../../shared/cluster/calls.ts';
import { kubernetesFailure, refusalOf } from '../../shared/cluster/errors.ts';
import type { Pod } from '../../shared/cluster/kubernetes.ts';
import { podFromObject } from '../../shared/cluster/pods.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { withDeadline } from '../../shared/time/deadline.ts';
import type { Environment } from '../environment.ts';
import { EXIT, Failure } from '../exit-code.ts';
import { aheadOf } from './clock-difference.ts';

const FIELD_MANAGER = 'multus-eni-ip-manager';
const REQUEST_TIMEOUT_MS = 10_000;
/**
 * So many refusals in a row are no passing ones. An API server that has just started, or has not
 * heard of a new Role yet, refuses what it allows a moment later.
 */
export const LASTING_REFUSALS = 4;

/** The pod after a patch. */
export interface Patched {
  readonly pod: Pod;
  /** By how much the API server's clock is ahead of ours (ms), as far as its answer shows. */
  readonly aheadMs: number;
}

/**
 * The pod that the program runs in, through the pod's service account. Each throws what
 * `KubernetesCalls` throws, MalformedObjectError, and the signal's reason.
 */
export interface OwnPod {
  readonly namespace: string;
  readonly name: string;
  read(signal: AbortSignal): Promise<Pod>;
  /** Sets or removes (`null`) annotations, and answers with the pod as it is then. */
  annotate(
    annotations: Readonly<Record<string, string | null>>,
    signal: AbortSignal,
  ): Promise<Patched>;
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
  const transport = tokenTransport({
    server: `https://${host}:${kubernetesPort}`,
    caData: Buffer.from(ca).toString('base64'),
    // The kubelet renews the file.
    token: async () => (await file('token')).trim(),
    proxy: environment.proxy,
  });
  const calls = kubernetesCalls(transport);
  const inTime = <T>(signal: AbortSignal, request: (deadline: AbortSignal) => Promise<T>) =>
    withDeadline(clock, REQUEST_TIMEOUT_MS, signal, request);
  return {
    namespace,
    name,
    read: async (signal) =>
      podFromObject(
        await inTime(signal, (deadline) => calls.readPod({ namespace, name }, deadline)),
      ),
    async annotate(annotations, signal) {
      const body = { metadata: { annotations } };
      const patch = { namespace, name, body, fieldManager: FIELD_MANAGER };
      const asked = clock.now();
      const answer = await inTime(signal, (deadline) => calls.patchPod(patch, deadline));
      const aheadMs = aheadOf(answer.date, { asked, answered: clock.now() });
      return { pod: podFromObject(answer.body), aheadMs };
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

/** Why a call on the API server failed. */
export interface PodFailure {
  /**
   * `passes`: by itself; `forbidden`: once the service account has a token that is accepted, and the
   * right to do it; `not-found`: there is no pod of that name.
   */
  readonly kind: 'passes' | 'forbidden' | 'not-found';
  /** In one line, with what to do about it. */
  readonly reason: string;
}

/**
 * Sorts what `ownPod` threw, or a call on the pod that it gave.
 *
 * @throws `error` itself where nobody foresaw it.
 */
export function podFailure(error: unknown, pod: OwnPod | undefined): PodFailure {
  if (error instanceof Failure) return { kind: 'forbidden', reason: error.message };
  const { kind, detail } = kubernetesFailure(error);
  if (pod === undefined || kind === 'unknown') throw error;
  const { namespace, name } = pod;
  const reason = `pod ${namespace}/${name}: ${detail}`;
  if (kind === 'unauthorized' || kind === 'forbidden') {
    const advice = `Bind the Role of deploy/ip-manager-rbac in namespace ${namespace} to the pod's service account`;
    return { kind: 'forbidden', reason: `${reason}. ${advice}` };
  }
  if (refusalOf(error)?.code === 404) {
    const advice =
      "Where the pod's host name is not its name, set POD_NAME and POD_NAMESPACE by the downward API";
    return { kind: 'not-found', reason: `${reason}. ${advice}` };
  }
  return { kind: 'passes', reason };
}
