import { partition } from '@aws-sdk/core/client';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Clock } from '../time/clock.ts';

/**
 * How long an API server accepts a token from its X-Amz-Date on
 * (https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster).
 */
const ACCEPTED_MS = 15 * 60_000;
/** A token is renewed this long before it is refused. */
const RENEWED_BEFORE_MS = 60_000;
/** What `aws eks get-token` signs; STS itself accepts a signature for longer. */
const X_AMZ_EXPIRES_SECONDS = 60;

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** A session's end: what it signed is worth nothing afterwards. */
  readonly expiration?: Date | undefined;
}

export interface TokenOptions {
  readonly cluster: string;
  readonly region: string;
  readonly credentials: () => Promise<AwsCredentials>;
  readonly clock: Pick<Clock, 'now'>;
}

export interface EksToken {
  readonly token: string;
  /** Milliseconds since the epoch: the API server refuses it from then on. */
  readonly expiresAt: number;
}

/** The host of the region's own STS, in whichever partition the region is; asks no DNS. */
export function stsHostOf(region: string): string {
  return `sts.${region}.${partition(region).dnsSuffix}`;
}

/**
 * Makes a bearer token for a cluster's API server: the presigned URL of a
 * GetCallerIdentity that names the cluster in a signed header
 * (https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster).
 *
 * @throws what the credentials provider throws.
 */
export async function eksToken(options: TokenOptions): Promise<EksToken> {
  const host = stsHostOf(options.region);
  const signedAt = options.clock.now();
  const credentials = await options.credentials();
  const signer = new SignatureV4({
    service: 'sts',
    region: options.region,
    credentials,
    sha256: Sha256,
  });
  const presigned = await signer.presign(
    {
      method: 'GET',
      protocol: 'https:',
      hostname: host,
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host, 'x-k8s-aws-id': options.cluster },
    },
    { signingDate: new Date(signedAt), expiresIn: X_AMZ_EXPIRES_SECONDS },
  );
  const url = new URL(`https://${host}/`);
  for (const [name, value] of Object.entries(presigned.query ?? {})) {
    url.searchParams.set(name, String(value));
  }
  const credentialsEnd = credentials.expiration?.getTime() ?? Number.POSITIVE_INFINITY;
  return {
    token: `k8s-aws-v1.${Buffer.from(url.href).toString('base64url')}`,
    expiresAt: Math.min(signedAt + ACCEPTED_MS, credentialsEnd),
  };
}

export interface TokenSource {
  /** A token that is good for a minute at least, as far as the credentials are. */
  token(): Promise<string>;
  /** Forgets the token, so that the next one is signed anew: the API server refused it. */
  renew(): void;
}

/** Keeps a cluster's token until a minute before its end; callers at the same time share one. */
export function tokenSource(options: TokenOptions): TokenSource {
  let current: EksToken | undefined;
  let signing: Promise<EksToken> | undefined;

  const sign = async (): Promise<EksToken> => {
    try {
      current = await eksToken(options);
      return current;
    } finally {
      signing = undefined;
    }
  };

  return {
    async token() {
      if (current !== undefined && options.clock.now() < current.expiresAt - RENEWED_BEFORE_MS) {
        return current.token;
      }
      signing ??= sign();
      return (await signing).token;
    },
    renew() {
      current = undefined;
    },
  };
}
