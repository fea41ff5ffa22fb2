import type { ClusterSettings, StageSettings } from '../config/schema.ts';
import { getAtt, policy, type Resource, type Resources, ref, sub } from './cloudformation.ts';
import { useKey } from './key-use.ts';
import { idOf } from './names.ts';

export function forwarderRoleId({ name }: Pick<ClusterSettings, 'name'>): string {
  return `ForwarderRole${idOf(name)}`;
}

/** The role of a cluster's forwarder, which may send to the queue, and what gives it to its pods. */
export function forwarderIdentity(cluster: ClusterSettings, stage: StageSettings): Resources {
  const { namespace, serviceAccount, oidcProvider } = cluster.forwarder;
  const roleId = forwarderRoleId(cluster);
  if (oidcProvider !== undefined) {
    return { [roleId]: role(stage, trustOfOidc(oidcProvider, namespace, serviceAccount)) };
  }
  return {
    [roleId]: role(
      stage,
      trustOfPodIdentity({ cluster: cluster.name, namespace, name: serviceAccount }),
    ),
    [`ForwarderIdentity${idOf(cluster.name)}`]: {
      Type: 'AWS::EKS::PodIdentityAssociation',
      Properties: {
        ClusterName: cluster.name,
        Namespace: namespace,
        ServiceAccount: serviceAccount,
        RoleArn: getAtt(roleId, 'Arn'),
      },
    },
  };
}

function role(stage: StageSettings, trust: unknown): Resource {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: policy([trust]),
      Policies: [
        { PolicyName: 'forwarder', PolicyDocument: policy([SEND_MESSAGES, ...useKey(stage)]) },
      ],
    },
  };
}

/** Whose pods are meant; in a cluster's own stack, its parameters. */
interface ServiceAccount {
  readonly cluster: unknown;
  readonly namespace: unknown;
  readonly name: unknown;
}

/** EKS says with tags for whom it asks (Amazon EKS User Guide, "EKS Pod Identity", session tags). */
export function trustOfPodIdentity({ cluster, namespace, name }: ServiceAccount): unknown {
  return {
    Effect: 'Allow',
    Principal: { Service: 'pods.eks.amazonaws.com' },
    Action: ['sts:AssumeRole', 'sts:TagSession'],
    Condition: {
      StringEquals: {
        'aws:SourceAccount': ref('AWS::AccountId'),
        'aws:RequestTag/eks-cluster-name': cluster,
        'aws:RequestTag/kubernetes-namespace': namespace,
        'aws:RequestTag/kubernetes-service-account': name,
      },
    },
  };
}

/** What a forwarder may do: send to the queue that its stack has under this logical id. */
export const SEND_MESSAGES = {
  Sid: 'SendMessages',
  Effect: 'Allow',
  Action: 'sqs:SendMessage',
  Resource: getAtt('Queue', 'Arn'),
} as const;

/** Keys of a condition cannot be computed by CloudFormation, so the issuer is configured. */
function trustOfOidc(issuer: string, namespace: string, serviceAccount: string): unknown {
  return {
    Effect: 'Allow',
    Principal: {
      Federated: sub(`arn:\${AWS::Partition}:iam::\${AWS::AccountId}:oidc-provider/${issuer}`),
    },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: {
      StringEquals: {
        [`${issuer}:aud`]: 'sts.amazonaws.com',
        [`${issuer}:sub`]: `system:serviceaccount:${namespace}:${serviceAccount}`,
      },
    },
  };
}
