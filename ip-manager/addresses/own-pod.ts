import { kubernetesCalls } from '../../shared/cluster/calls.ts';
import { kubernetesFailure, refusalOf } from '../../shared/cluster/errors.ts';
import type { Pod } from '../../shared/cluster/kubernetes.ts';
import { podFromObject } from '../../shared/cluster/pods.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { withDeadline } from '../../shared/time/deadline.ts';
import { apiServer } from '../api-server.ts';
import type { Environment } from '../environment.ts';
import { Failure } from '../exit-code.ts';
import { aheadOf } from './clock-difference.ts';

const FIELD_MANAGER = 'multus-eni-ip-manager';
const REQUEST_TIMEOUT_MS = 10_000;
/**
 * How many refusals in a row are no passing ones. An API server that has just started, or has not heard
 * of a new Role yet, refuses what it allows a moment later.
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
 * @throws Failure if there is no API server or no service account.
 */
export async function ownPod(
  environment: Environment,
  { hostname, clock }: { readonly hostname: string; readonly clock: Clock },
): Promise<OwnPod> {
  const { transport, namespace: own } = await apiServer(environment);
  const namespace = environment.podNamespace ?? own;
  const name = environment.podName ?? hostname;
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
 * @throws `error` itself if nobody foresaw it.
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
