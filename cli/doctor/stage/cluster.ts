import { DescribeAccessEntryCommand, DescribeClusterCommand } from '@aws-sdk/client-eks';
import * as z from 'zod';
import type { EndpointAccess } from '../../../shared/cluster/endpoint.ts';
import type { StageClients } from './clients.ts';

type Eks = StageClients['eks'];

/** A cluster as EKS has it. */
export interface EksCluster {
  readonly arn: string;
  readonly endpoint: EndpointAccess;
  /** It knows access entries, and not only the ConfigMap aws-auth. */
  readonly hasEntries: boolean;
}

const described = z.object({
  cluster: z.object({
    arn: z.string(),
    accessConfig: z.object({ authenticationMode: z.string().optional() }).optional(),
    resourcesVpcConfig: z
      .object({
        endpointPublicAccess: z.boolean().optional(),
        endpointPrivateAccess: z.boolean().optional(),
        publicAccessCidrs: z.array(z.string()).optional(),
      })
      .default({}),
  }),
});
const entry = z.object({
  accessEntry: z.object({ kubernetesGroups: z.array(z.string()).default([]) }),
});

/** @throws what EKS refuses with. */
export async function readCluster(eks: Eks, name: string): Promise<EksCluster> {
  const { cluster } = described.parse(await eks.send(new DescribeClusterCommand({ name })));
  const { arn, resourcesVpcConfig: endpoint, accessConfig } = cluster;
  return { arn, endpoint, hasEntries: accessConfig?.authenticationMode !== 'CONFIG_MAP' };
}

/** The groups that a role has in the cluster; `undefined` if it has no access entry. */
export async function readGroups(
  eks: Eks,
  clusterName: string,
  principalArn: string,
): Promise<readonly string[] | undefined> {
  try {
    const command = new DescribeAccessEntryCommand({ clusterName, principalArn });
    return entry.parse(await eks.send(command)).accessEntry.kubernetesGroups;
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}
