import type { EKSClient } from '@aws-sdk/client-eks';
import type { Clock } from '../time/clock.ts';
import { withDeadline } from '../time/deadline.ts';
import { tokenTransport } from './authenticated-transport.ts';
import { connectKubernetes } from './client.ts';
import { describeCluster } from './eks.ts';
import { kubernetesFailure } from './errors.ts';
import type { Kubernetes } from './kubernetes.ts';
import { type AwsCredentials, tokenSource } from './token.ts';

export interface ClusterRef {
  readonly name: string;
  /** Where it is not the caller's own. */
  readonly region?: string;
}

export interface ClustersOptions {
  readonly clock: Clock;
  /** The caller's region. */
  readonly region: string;
  /** The EKS client of a region. */
  readonly eks: (region: string) => Pick<EKSClient, 'send'>;
  readonly credentials: () => Promise<AwsCredentials>;
  readonly requestTimeoutMs: number;
}

/**
 * Gives the API of an EKS cluster, with endpoint, CA, connections and token kept for the next caller.
 * The endpoint and CA of an API server that cannot be reached or trusted are asked for again next time,
 * because they may have changed. An API server that refuses the token gets a new one.
 *
 * The returned function throws what `describeCluster` throws.
 */
export function clusters(options: ClustersOptions): (cluster: ClusterRef) => Promise<Kubernetes> {
  const connected = new Map<string, Promise<Kubernetes>>();

  return ({ name, region = options.region }) => {
    const key = `${region}/${name}`;
    const known = connected.get(key);
    if (known !== undefined) return known;
    const forget = (): void => {
      if (connected.get(key) === connecting) connected.delete(key);
    };
    const connecting = connect(options, { name, region }, forget);
    connected.set(key, connecting);
    connecting.catch(forget);
    return connecting;
  };
}

/**
 * Of most clusters this is all: a definition has some hundred bytes. A look takes 15 ms for each further MiB. With
 * less, the alarm for large objects would not hear of definitions, because it begins at 16 MiB of what was read.
 */
const BYTES_OF_NETWORKS = 16 * 1024 * 1024;

async function connect(
  { clock, credentials, eks, requestTimeoutMs }: ClustersOptions,
  { name, region }: Required<ClusterRef>,
  forget: () => void,
): Promise<Kubernetes> {
  // Later callers share this call, and would wait for ever for one that hangs.
  const { server, caData } = await withDeadline(clock, requestTimeoutMs, undefined, (signal) =>
    describeCluster(eks(region), name, region, signal),
  );
  const source = tokenSource({ cluster: name, region, credentials, clock });
  return connectKubernetes({
    transport: tokenTransport({ server, caData, token: source.token }),
    clock,
    requestTimeoutMs,
    bytesOfNetworks: BYTES_OF_NETWORKS,
    onFailure(error) {
      const { kind } = kubernetesFailure(error);
      if (kind === 'unauthorized') source.renew();
      if (kind === 'unreachable' || kind === 'untrusted' || kind === 'timeout') forget();
    },
  });
}
