import { stsHostOf } from '../../shared/cluster/token.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { isSignedWith, readClaim, type SignedRequest } from '../sigv4.ts';
import type { Account, KubernetesUser } from './account.ts';

const PREFIX = 'k8s-aws-v1.';
const CLUSTER_HEADER = 'x-k8s-aws-id';
const ACCEPTED_MS = 15 * 60_000;
const MAX_EXPIRES_SECONDS = 900;
/** What aws-iam-authenticator lets through in the URL, lower case. */
const ALLOWED_PARAMETERS = new Set([
  'action',
  'version',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
]);

export interface TokenReviewOptions {
  readonly account: Account;
  readonly clock: Pick<Clock, 'now'>;
  /**
   * The sandbox's own STS, which stands in for the region's: with `AWS_ENDPOINT_URL_STS` set to it,
   * `aws eks get-token` signs for it.
   */
  readonly ownSts?: string;
}

/** Who a bearer token is on one cluster, or why it is nobody. */
export type Review = KubernetesUser | { readonly error: string };

/**
 * Reviews a token as EKS does. The token is a presigned GetCallerIdentity of the Region's own STS. It
 * is signed for this cluster, at most 15 minutes ago, by a role that has an access entry. EKS sends the
 * URL to STS; this checks the signature itself. Rules:
 * https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/master/pkg/token/token.go
 */
export function reviewToken(
  { account, clock, ownSts }: TokenReviewOptions,
  cluster: string,
  token: string,
): Review {
  if (!token.startsWith(PREFIX)) return refuse(`it does not begin with ${PREFIX}`);
  const url = URL.parse(Buffer.from(token.slice(PREFIX.length), 'base64url').toString());
  if (url === null) return refuse('it holds no URL');
  const problem = problemOfUrl(url, account.region, ownSts) ?? problemOfAge(url, clock.now());
  if (problem !== undefined) return refuse(problem);

  const request: SignedRequest = {
    method: 'GET',
    path: url.pathname,
    query: url.searchParams,
    // The cluster's name is not in the token: whoever reviews it puts their own.
    headers: { host: url.host, [CLUSTER_HEADER]: cluster },
    body: '',
  };
  const claim = readClaim(request);
  if (claim === undefined) return refuse('the URL is not presigned');
  if (!claim.signedHeaders.includes('host') || !claim.signedHeaders.includes(CLUSTER_HEADER)) {
    return refuse(`host and ${CLUSTER_HEADER} must be signed`);
  }
  if (claim.service !== 'sts' || claim.region !== account.region) {
    return refuse(`it is signed for ${claim.service} in ${claim.region}`);
  }
  const credentials = account.credentials(claim.accessKeyId);
  if (credentials === undefined) return refuse(`access key ${claim.accessKeyId} is unknown`);
  if (!isSignedWith(request, claim, credentials.secretAccessKey)) {
    return refuse(`the signature does not match for cluster ${cluster}`);
  }
  return (
    account.accessEntry(cluster, credentials.roleArn) ??
    refuse(`${credentials.roleArn} has no access entry on cluster ${cluster}`)
  );
}

function refuse(error: string): Review {
  return { error };
}

function problemOfHost(url: URL, region: string, ownSts: string | undefined): string | undefined {
  if (ownSts !== undefined && url.origin === ownSts) return undefined;
  if (url.protocol !== 'https:') return `${url.protocol} is not https:`;
  return url.host === stsHostOf(region) ? undefined : `${url.host} is not the STS of ${region}`;
}

function problemOfUrl(url: URL, region: string, ownSts?: string): string | undefined {
  const host = problemOfHost(url, region, ownSts);
  if (host !== undefined) return host;
  if (url.pathname !== '/') return `its path is ${url.pathname}`;
  const { searchParams: query } = url;
  if (query.get('Action') !== 'GetCallerIdentity') return 'its action is not GetCallerIdentity';
  const stranger = [...query.keys()].find((name) => !ALLOWED_PARAMETERS.has(name.toLowerCase()));
  if (stranger !== undefined) return `parameter ${stranger} is not allowed`;
  const twice = [...query.keys()].find((name) => query.getAll(name).length > 1);
  if (twice !== undefined) return `parameter ${twice} is there twice`;
  const expires = query.get('X-Amz-Expires') ?? '';
  if (!/^\d+$/.test(expires) || Number(expires) > MAX_EXPIRES_SECONDS) {
    return `its X-Amz-Expires is ${expires}`;
  }
  return undefined;
}

function problemOfAge(url: URL, now: number): string | undefined {
  const date = url.searchParams.get('X-Amz-Date') ?? '';
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date)?.slice(1).map(Number);
  if (parts === undefined) return `its X-Amz-Date is ${date}`;
  const [year = 0, month = 0, day, hour, minute, second] = parts;
  const signedAt = Date.UTC(year, month - 1, day, hour, minute, second);
  return now >= signedAt + ACCEPTED_MS ? `it expired: it was signed at ${date}` : undefined;
}
