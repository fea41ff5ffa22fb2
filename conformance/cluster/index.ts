import { text } from 'node:stream/consumers';
import type { EKSClient } from '@aws-sdk/client-eks';
import { tokenTransport } from '../../shared/cluster/authenticated-transport.ts';
import { type ApiServer, describeCluster } from '../../shared/cluster/eks.ts';
import {
  describeKubernetesError,
  kubernetesFailure,
  refusalOf,
} from '../../shared/cluster/errors.ts';
import { PATHS, withQuery } from '../../shared/cluster/paths.ts';
import { type AwsCredentials, eksToken } from '../../shared/cluster/token.ts';
import type { Clock } from '../../shared/time/clock.ts';
import type { Fact, Result, Seen } from '../check.ts';

const AUTHENTICATOR = 'aws-iam-authenticator, "API Authorization from Outside a Cluster"';
const EKS = 'EKS API Reference, DescribeCluster';
const RBAC = 'EKS User Guide, "Grant IAM users access to Kubernetes with EKS access entries"';
const TOKEN = 'shared/cluster/token.ts';
const RIGHTS = 'deploy/base/functions-rbac.yaml';
const MINUTE_MS = 60_000;

/** What the checks of a cluster work with. */
interface ClusterLab {
  /** The HTTP status of a GET with a token of our own making. */
  readonly get: (path: string, token?: TokenChange) => Promise<number>;
}

interface TokenChange {
  /** The cluster that it is signed for. */
  readonly cluster?: string;
  /** How long ago the token was signed. */
  readonly ageMs?: number;
}

interface ClusterCheck extends Fact {
  readonly run: (lab: ClusterLab) => Promise<Seen>;
}

/** A list as short as can be, of what the functions list. */
const SHORT = { limit: 1 };

function token(id: string, fact: string, isTaken: boolean, change: TokenChange): ClusterCheck {
  return {
    id,
    fact,
    expected: isTaken ? 'any answer but 401' : '401',
    source: AUTHENTICATOR,
    restsOn: TOKEN,
    async run({ get }) {
      const status = await get(withQuery(PATHS.nodes, SHORT), change);
      return { asExpected: (status !== 401) === isTaken, seen: `${status}` };
    },
  };
}

function right(id: string, what: string, path: string): ClusterCheck {
  return {
    id,
    fact: `RBAC lets the caller list ${what}`,
    expected: '200',
    source: RBAC,
    restsOn: RIGHTS,
    async run({ get }) {
      const status = await get(path);
      return { asExpected: status === 200, seen: `${status}` };
    },
  };
}

/** What is taken for granted about EKS; all of it is read, and with the caller's own credentials. */
export const CLUSTER_CHECKS: readonly ClusterCheck[] = [
  {
    id: 'eks-endpoint',
    fact: 'DescribeCluster names the API server and its certificate authority, which are enough to reach it',
    expected: 'a TLS connection, and an answer',
    source: EKS,
    restsOn: 'shared/cluster/eks.ts',
    run: async ({ get }) => ({ asExpected: true, seen: `answered with ${await get('/version')}` }),
  },
  token(
    'eks-token',
    'The API server takes a presigned GetCallerIdentity of the Region’s STS for a token, if an access entry names the role',
    true,
    {},
  ),
  token('eks-token-14-minutes', 'It takes one that was signed 14 minutes ago', true, {
    ageMs: 14 * MINUTE_MS,
  }),
  token('eks-token-16-minutes', 'It refuses one that was signed 16 minutes ago', false, {
    ageMs: 16 * MINUTE_MS,
  }),
  token('eks-token-other', 'It refuses one that was signed for another cluster', false, {
    cluster: 'no-such-cluster',
  }),
  right(
    'eks-list-pods',
    'the pods of a node',
    withQuery(PATHS.pods, { ...SHORT, fieldSelector: 'spec.nodeName=no-such-node' }),
  ),
  right('eks-list-nodes', 'Nodes', withQuery(PATHS.nodes, SHORT)),
  right('eks-list-networks', 'NetworkAttachmentDefinitions', withQuery(PATHS.networks, SHORT)),
];

export interface ClusterOptions {
  readonly eks: Pick<EKSClient, 'send'>;
  readonly credentials: () => Promise<AwsCredentials>;
  readonly region: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Makes every check of a cluster. One that cannot be made says why. */
export async function runClusterChecks(name: string, options: ClusterOptions): Promise<Result[]> {
  const { eks, region, signal } = options;
  const server = await describeCluster(eks, name, region, signal).catch((error: unknown) => error);
  const results: Result[] = [];
  for (const { run, ...fact } of CLUSTER_CHECKS) {
    try {
      if (!isServer(server)) throw server;
      const { asExpected, seen } = await run(labOf(name, server, options));
      results.push({ ...fact, verdict: asExpected ? 'as expected' : 'differs', seen });
    } catch (error) {
      const seen = describeKubernetesError(error, { cluster: name });
      const differs = ['untrusted', 'malformed'].includes(kubernetesFailure(error).kind);
      results.push({ ...fact, verdict: differs ? 'differs' : 'not made', seen });
    }
  }
  return results;
}

function isServer(value: unknown): value is ApiServer {
  return typeof value === 'object' && value !== null && 'caData' in value;
}

function labOf(name: string, server: ApiServer, options: ClusterOptions): ClusterLab {
  const { region, credentials, clock, signal } = options;
  return {
    async get(path, { cluster = name, ageMs = 0 } = {}) {
      const signing = { now: () => clock.now() - ageMs };
      const made = () => eksToken({ cluster, region, credentials, clock: signing });
      const transport = tokenTransport({ ...server, token: async () => (await made()).token });
      try {
        const answer = await transport({ path, signal });
        await text(answer);
        return answer.statusCode ?? 0;
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal === undefined) throw error;
        return refusal.code;
      }
    },
  };
}
