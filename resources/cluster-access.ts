import type { ClusterSettings } from '../config/schema.ts';
import { KUBERNETES_GROUP } from '../shared/cluster/errors.ts';
import { getAtt, type Outputs, type Resources, sub } from './cloudformation.ts';
import { ROLE_IDS } from './function-roles.ts';
import { idOf } from './names.ts';

const ROLES = Object.values(ROLE_IDS);

/**
 * Lets the functions into a cluster, with no right but those that the RBAC in deploy/ binds
 * to their group.
 */
export function clusterAccess({ name, access }: ClusterSettings): Resources {
  if (access === 'aws-auth') return {};
  return Object.fromEntries(
    ROLES.map((role) => [
      `${role}Entry${idOf(name)}`,
      {
        Type: 'AWS::EKS::AccessEntry',
        Properties: {
          ClusterName: name,
          PrincipalArn: getAtt(role, 'Arn'),
          Type: 'STANDARD',
          KubernetesGroups: [KUBERNETES_GROUP],
        },
      },
    ]),
  );
}

/**
 * For a cluster that has the aws-auth ConfigMap only: what to add to its `mapRoles`. A role's ARN
 * is without its path there (Amazon EKS User Guide, "Grant IAM users access to Kubernetes with a
 * ConfigMap").
 */
export function awsAuthLines({ name, access }: ClusterSettings): Outputs {
  if (access === 'access-entry') return {};
  return {
    [`AwsAuth${idOf(name)}`]: {
      Description: `To add to mapRoles of the ConfigMap kube-system/aws-auth of ${name}`,
      Value: mapRoles(),
    },
  };
}

/** The lines for any cluster that has the ConfigMap only. */
export function mapRoles(): unknown {
  const lines = ROLES.map(
    (role) =>
      `- rolearn: arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/\${${role}}\n` +
      `  username: ${KUBERNETES_GROUP}:{{SessionName}}\n  groups: [${KUBERNETES_GROUP}]\n`,
  );
  return sub(lines.join(''));
}
