import * as z from 'zod';
import { ClusterUnavailableError } from './eks.ts';
import { MalformedObjectError } from './malformed.ts';

/** The group that the cluster's access entry gives the functions, and that the RBAC in deploy/ binds. */
export const KUBERNETES_GROUP = 'multus-eni-reconciler';

/** Why a call on a cluster failed. */
export interface KubernetesFailure {
  readonly kind:
    | 'cluster-unavailable'
    | 'unauthorized'
    | 'forbidden'
    | 'unreachable'
    | 'untrusted'
    | 'timeout'
    | 'throttled'
    | 'server-error'
    | 'refused'
    | 'malformed'
    | 'unknown';
  /** What was answered or seen, in one line. */
  readonly detail: string;
}

/** A `metav1.Status`, as far as it explains a refusal. */
const status = z.object({
  message: z.string().optional(),
  reason: z.string().optional(),
  details: z
    .object({
      kind: z.string().optional(),
      causes: z
        .array(z.object({ reason: z.string().optional(), field: z.string().optional() }))
        .optional(),
    })
    .optional(),
});
export type Status = z.infer<typeof status>;

/** The client's exception for an answer that is no 2xx: its body is the Status, as text or read. */
const answered = z.object({ code: z.number().int(), body: z.unknown() });

/** The HTTP status and Status that the API server refused a call with; `undefined` for other errors. */
export function refusalOf(
  error: unknown,
): { readonly code: number; readonly status: Status } | undefined {
  const parsed = answered.safeParse(error);
  if (!(error instanceof Error) || !parsed.success) return undefined;
  const body = typeof parsed.data.body === 'string' ? json(parsed.data.body) : parsed.data.body;
  return { code: parsed.data.code, status: status.safeParse(body).data ?? {} };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Sorts what a call on a cluster threw into the closed set. */
export function kubernetesFailure(error: unknown): KubernetesFailure {
  const detail = error instanceof Error ? firstLine(error.message) : firstLine(String(error));
  if (error instanceof ClusterUnavailableError) return { kind: 'cluster-unavailable', detail };
  if (error instanceof MalformedObjectError) return { kind: 'malformed', detail };
  const refusal = refusalOf(error);
  if (refusal !== undefined) {
    const said = firstLine(refusal.status.message ?? '');
    return { kind: kindOf(refusal.code), detail: said || `HTTP ${refusal.code}` };
  }
  if (error instanceof Error && error.name === 'TimeoutError') return { kind: 'timeout', detail };
  const code = codeOf(error);
  if (code === undefined) return { kind: 'unknown', detail };
  return { kind: isTls(code) ? 'untrusted' : 'unreachable', detail: `${code} (${detail})` };
}

function kindOf(code: number): KubernetesFailure['kind'] {
  if (code === 401) return 'unauthorized';
  if (code === 403) return 'forbidden';
  if (code === 429) return 'throttled';
  return code >= 500 ? 'server-error' : 'refused';
}

const withCode = z.object({ code: z.string() });

/** The system error code nearest to the root: `fetch` wraps it in `cause`. */
function codeOf(error: unknown): string | undefined {
  const coded = withCode.safeParse(error);
  if (coded.success) return coded.data.code;
  return error instanceof Error ? codeOf(error.cause) : undefined;
}

/** OpenSSL's verification results and TLS failures (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
function isTls(code: string): boolean {
  return /CERT|^ERR_(TLS|SSL)_|UNABLE_TO_|^(CRL|HOSTNAME)_|^INVALID_(CA|PURPOSE)$|PATH_LENGTH/.test(
    code,
  );
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.trim() ?? '';
}

/** One line that says what failed on a cluster and what to do about it. */
export function describeKubernetesError(error: unknown, { cluster }: { cluster: string }): string {
  const { kind, detail } = kubernetesFailure(error);
  const advice = ADVICE[kind](cluster);
  return `cluster ${cluster}: ${detail}${advice === '' ? '' : `: ${advice}`}`;
}

const ADVICE: Record<KubernetesFailure['kind'], (cluster: string) => string> = {
  'cluster-unavailable': () => '',
  unauthorized: (cluster) =>
    `the API server does not accept the token: give the caller's role an access entry (aws eks create-access-entry --cluster-name ${cluster} --principal-arn <role> --kubernetes-groups ${KUBERNETES_GROUP})`,
  forbidden: () =>
    `bind a ClusterRole that allows it to the group ${KUBERNETES_GROUP}, and give the caller's access entry that group`,
  unreachable: () =>
    "the API server cannot be reached: check that the caller's subnets and security group may reach the cluster's endpoint; tried again later",
  untrusted: () =>
    "the API server's certificate is not signed by the cluster's CA: endpoint and CA are asked for again, tried again later",
  timeout: () => 'the API server did not answer in time: tried again later',
  throttled: () => 'the API server asks to slow down: tried again later',
  'server-error': () => 'the API server failed: tried again later',
  refused: () => 'the API server refused the request',
  malformed: () => 'the API server gave an object that cannot be read: nothing was decided from it',
  unknown: () => '',
};
