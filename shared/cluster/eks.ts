import { DescribeClusterCommand, type EKSClient } from '@aws-sdk/client-eks';
import * as z from 'zod';
import { CodedError } from '../errors.ts';
import { parseObject } from './malformed.ts';

/** Where a cluster's API server is, and how to know it. */
export interface ApiServer {
  readonly server: string;
  /** The certificate authority, PEM in base64. */
  readonly caData: string;
}

export type ClusterProblem = 'cluster-not-found' | 'cluster-not-ready' | 'access-denied';

/** EKS answers, and a person has to do something before the cluster can be reached. */
export class ClusterUnavailableError extends CodedError {
  override readonly name = 'ClusterUnavailableError';
  readonly errorCode: ClusterProblem;

  constructor(errorCode: ClusterProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.errorCode = errorCode;
  }
}

const described = z.object({
  cluster: z.object({
    status: z.string(),
    endpoint: z.url({ protocol: /^https$/ }).optional(),
    certificateAuthority: z.object({ data: z.base64().min(1) }).optional(),
  }),
});

/**
 * Asks EKS for a cluster's API server.
 *
 * @throws ClusterUnavailableError if the cluster is not there, not up, or not ours to see;
 * MalformedObjectError; otherwise what the EKS client throws.
 */
export async function describeCluster(
  eks: Pick<EKSClient, 'send'>,
  name: string,
  region: string,
  signal?: AbortSignal,
): Promise<ApiServer> {
  const answer = await eks
    .send(new DescribeClusterCommand({ name }), { abortSignal: signal })
    .catch((error: unknown) => Promise.reject(unavailable(error, name, region)));
  const { cluster } = parseObject(`DescribeCluster ${name}`, described, answer);
  // An updating cluster serves; one being made has no endpoint yet.
  if (cluster.endpoint === undefined || cluster.certificateAuthority === undefined) {
    throw new ClusterUnavailableError(
      'cluster-not-ready',
      `EKS cluster ${name} in ${region} is ${cluster.status} and has no endpoint yet: wait until it is ACTIVE`,
    );
  }
  if (cluster.status === 'DELETING' || cluster.status === 'FAILED') {
    throw new ClusterUnavailableError(
      'cluster-not-ready',
      `EKS cluster ${name} in ${region} is ${cluster.status}: take it out of the configuration, or mend it`,
    );
  }
  return { server: cluster.endpoint, caData: cluster.certificateAuthority.data };
}

function unavailable(error: unknown, name: string, region: string): unknown {
  const code = error instanceof Error ? error.name : '';
  if (code === 'ResourceNotFoundException') {
    return new ClusterUnavailableError(
      'cluster-not-found',
      `EKS has no cluster ${name} in ${region}: check the name and region in the configuration`,
      { cause: error },
    );
  }
  if (code === 'AccessDeniedException') {
    return new ClusterUnavailableError(
      'access-denied',
      `not allowed to describe EKS cluster ${name} in ${region}: allow the function's role eks:DescribeCluster on it`,
      { cause: error },
    );
  }
  return error;
}
