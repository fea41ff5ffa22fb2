import { type Cluster, DescribeClusterCommand, type EKSClient } from '@aws-sdk/client-eks';
import type { ClusterSettings, StageSettings } from '../config/schema.ts';

/**
 * Looks at the configured clusters before anything is deployed for them.
 *
 * @param eks a client of the stage's region.
 * @returns what is wrong, a line each; none where the clusters are as the configuration says.
 */
export async function checkClusters(
  eks: Pick<EKSClient, 'send'>,
  { clusters, region }: StageSettings,
): Promise<readonly string[]> {
  const problems = await Promise.all(
    clusters.map(async (settings) => {
      const which = `cluster ${settings.name} in ${region}`;
      try {
        const { cluster } = await eks.send(new DescribeClusterCommand({ name: settings.name }));
        return mismatches(settings, cluster ?? {}).map((problem) => `${which} ${problem}`);
      } catch (error) {
        return [unanswered(which, region, error)];
      }
    }),
  );
  return problems.flat();
}

function unanswered(which: string, region: string, error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  if (name === 'ResourceNotFoundException') {
    return `${which} does not exist: check its name and the region in the configuration`;
  }
  if (name === 'AccessDeniedException') {
    return `${which} cannot be looked at: the deployment needs eks:DescribeCluster on it`;
  }
  return `${which} cannot be looked at, EKS in ${region} said: ${message}. Is the region right?`;
}

/** Where the cluster is not what its settings take it for. */
function mismatches(settings: ClusterSettings, cluster: Cluster): string[] {
  const mode = cluster.accessConfig?.authenticationMode;
  const issuer = cluster.identity?.oidc?.issuer?.replace(/^https:\/\//, '');
  const { oidcProvider } = settings.forwarder;
  return [
    cluster.status !== 'ACTIVE' && cluster.status !== 'UPDATING'
      ? `is ${cluster.status}: wait until it is ACTIVE, or take it out of the configuration`
      : undefined,
    settings.access === 'access-entry' && mode === 'CONFIG_MAP'
      ? 'knows no access entries, only the aws-auth ConfigMap: set access: aws-auth'
      : undefined,
    settings.access === 'aws-auth' && mode === 'API'
      ? 'does not look at aws-auth: set access: access-entry'
      : undefined,
    !settings.privateEndpoint && cluster.resourcesVpcConfig?.endpointPublicAccess === false
      ? 'has a private endpoint only: set privateEndpoint: true, and vpc'
      : undefined,
    oidcProvider !== undefined && issuer !== undefined && issuer !== oidcProvider
      ? `has the OIDC provider ${issuer}: set forwarder.oidcProvider to it`
      : undefined,
  ].filter((problem) => problem !== undefined);
}
