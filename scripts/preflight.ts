import {
  type Cluster,
  DescribeAddonCommand,
  DescribeClusterCommand,
  type EKSClient,
} from '@aws-sdk/client-eks';
import { GetParametersCommand, type SSMClient } from '@aws-sdk/client-ssm';
import type { ClusterSettings, StageSettings } from '../config/schema.ts';
import { endpointProblem } from '../shared/cluster/endpoint.ts';
import { ownerName } from '../shared/control.ts';

/**
 * Looks at the configured clusters before anything is deployed for them.
 *
 * @param eks a client of the stage's region.
 * @returns what is wrong, a line each; none if the clusters are as the configuration says.
 */
export async function checkClusters(
  eks: Pick<EKSClient, 'send'>,
  { clusters, region, vpc }: StageSettings,
): Promise<readonly string[]> {
  const problems = await Promise.all(
    clusters.map(async (settings) => {
      const which = `cluster ${settings.name} in ${region}`;
      try {
        const { cluster } = await eks.send(new DescribeClusterCommand({ name: settings.name }));
        const problems = [
          ...mismatches(settings, cluster ?? {}),
          ...endpointProblems(settings, cluster ?? {}, vpc !== undefined),
          ...(await agentProblems(eks, settings, cluster ?? {})),
        ];
        return problems.map((problem) => `${which} ${problem}`);
      } catch (error) {
        return [unanswered(which, region, error)];
      }
    }),
  );
  return problems.flat();
}

/** SSM gives ten parameters a call. */
const NAMES = 10;

/**
 * Whether another stage serves one of the clusters: each would undo what the other does.
 *
 * @returns a line for each such cluster, or one where SSM does not let us look.
 */
export async function checkOwners(
  ssm: Pick<SSMClient, 'send'>,
  stage: string,
  { clusters }: Pick<StageSettings, 'clusters'>,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (let start = 0; start < clusters.length; start += NAMES) {
    const part = clusters.slice(start, start + NAMES);
    const Names = part.map(({ name }) => ownerName(name));
    try {
      const { Parameters = [] } = await ssm.send(new GetParametersCommand({ Names }));
      for (const { name } of part) {
        const owner = Parameters.find(({ Name }) => Name === ownerName(name))?.Value;
        if (owner === undefined || owner === stage) continue;
        problems.push(
          `cluster ${name} is served by the stage ${owner}, as ${ownerName(name)} says: take it out of one of the two`,
        );
      }
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      return [
        `whose the clusters are cannot be read, SSM said: ${said}. The deployment needs ssm:GetParameters`,
      ];
    }
  }
  return problems;
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
    oidcProvider !== undefined && issuer !== undefined && issuer !== oidcProvider
      ? `has the OIDC provider ${issuer}: set forwarder.oidcProvider to it`
      : undefined,
  ].filter((problem) => problem !== undefined);
}

/** Where the functions would not reach the API server. */
function endpointProblems(
  { privateEndpoint: byPrivate }: ClusterSettings,
  { resourcesVpcConfig = {} }: Cluster,
  inVpc: boolean,
): string[] {
  const allowed = (resourcesVpcConfig.publicAccessCidrs ?? []).join(', ');
  switch (endpointProblem(resourcesVpcConfig, { inVpc, byPrivate })) {
    case undefined:
      return [];
    case 'no-private':
      return [
        'has no private endpoint: switch it on, or take privateEndpoint out of the configuration',
      ];
    case 'private-only':
      return ['has a private endpoint only: set privateEndpoint: true, and vpc'];
    case 'closed':
      return [
        `lets ${allowed} in only, and functions outside of a VPC have no addresses ` +
          'of their own: set vpc, and privateEndpoint: true or a NAT gateway that is let in',
      ];
  }
}

const AGENT = 'eks-pod-identity-agent';

/** Whether what gives the forwarder its role is there; who may not look is not told. */
async function agentProblems(
  eks: Pick<EKSClient, 'send'>,
  { name, forwarder }: ClusterSettings,
  { computeConfig }: Cluster,
): Promise<string[]> {
  // EKS Auto Mode has it built in (Amazon EKS User Guide, "Set up the Amazon EKS Pod Identity Agent").
  const isBuiltIn = computeConfig?.enabled === true;
  if (forwarder.identity !== 'pod-identity' || forwarder.ownPodIdentityAgent || isBuiltIn)
    return [];
  try {
    await eks.send(new DescribeAddonCommand({ clusterName: name, addonName: AGENT }));
    return [];
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ResourceNotFoundException') return [];
    return [
      `has no add-on ${AGENT}, by which the forwarder gets its role: add it ` +
        `(aws eks create-addon --cluster-name ${name} --addon-name ${AGENT}), set ` +
        'forwarder.identity: irsa, or forwarder.ownPodIdentityAgent: true if you installed it yourself',
    ];
  }
}
