import type { ClusterSettings, StageSettings } from '../config/schema.ts';
import { getAtt, join, type Outputs, ref, type StackOutput } from './cloudformation.ts';
import { awsAuthLines, mapRoles } from './cluster-access.ts';
import { forwarderRoleId } from './forwarder-identity.ts';
import { ROLE_IDS } from './function-roles.ts';
import { FUNCTION_IDS, idOf, stackName } from './names.ts';

/** What the stack tells: for people, for `npm run kustomize` and for `npm run replay`. */
export function outputs(stage: string, settings: StageSettings): Outputs {
  return {
    ...exported(stage),
    QueueUrl: { Description: 'The queue of nodes to look at', Value: ref('Queue') },
    DeadLetterQueueUrl: {
      Description: 'Where messages go that could not be done',
      Value: ref('DeadLetterQueue'),
    },
    AlarmTopicArn: {
      Description: 'Where alarms go',
      Value: settings.alarmTopicArn ?? ref('AlarmTopic'),
      Export: { Name: exportName(stage, 'AlarmTopicArn') },
    },
    MapRoles: {
      Description: 'For clusters that join and have the ConfigMap aws-auth only',
      Value: mapRoles(),
    },
    ...(settings.vpc && { VpcEndpoints: vpcEndpoints(settings) }),
    ...Object.fromEntries(
      settings.clusters.flatMap((cluster) => [
        [`Cluster${idOf(cluster.name)}`, inCluster(cluster)],
        ...Object.entries(awsAuthLines(cluster)),
      ]),
    ),
  };
}

/** What clusters' own stacks import, which keeps this one from being removed under them. */
const EXPORTED = {
  ReconcileFunctionArn: ['The function reconcile', FUNCTION_IDS.reconcile],
  SweepFunctionArn: ['The function sweep', FUNCTION_IDS.sweep],
  ReconcileRoleArn: ['The role of the function reconcile', ROLE_IDS.reconcile],
  SweepRoleArn: ['The role of the function sweep', ROLE_IDS.sweep],
  ScheduleRoleArn: ['The role that runs sweeps', 'ScheduleRole'],
} as const;

/** What a cluster's stack imports: those above, and the topic of the alarms. */
export type Exported = keyof typeof EXPORTED | 'AlarmTopicArn';

/** An export's name is the account's and Region's own. */
export function exportName(stage: string, key: Exported): string {
  return `${stackName(stage)}-${key}`;
}

function exported(stage: string): Outputs {
  return Object.fromEntries(
    Object.entries(EXPORTED).map(([key, [Description, id]]) => [
      key,
      {
        Description,
        Value: getAtt(id, 'Arn'),
        Export: { Name: `${stackName(stage)}-${key}` },
      },
    ]),
  );
}

/** JSON, as scripts/kustomize.ts reads it. */
function inCluster(cluster: ClusterSettings): StackOutput {
  const { name, forwarder } = cluster;
  const known = JSON.stringify({
    cluster: name,
    identity: forwarder.identity,
    namespace: forwarder.namespace,
    serviceAccount: forwarder.serviceAccount,
  });
  return {
    Description: `What the manifests in ${name} need`,
    Value: join([
      known.slice(0, -1),
      ',"region":"',
      ref('AWS::Region'),
      '","queueUrl":"',
      ref('Queue'),
      '","roleArn":"',
      getAtt(forwarderRoleId(cluster), 'Arn'),
      '"}',
    ]),
  };
}

/** The services whose API the functions call. STS is none: they sign for it, and the API server asks. */
export const CALLED_SERVICES = ['ec2', 'eks', 'sqs', 'ssm'] as const;

/** Of these, China's Regions name the interface endpoint in their own way. */
const NAMED_OTHERWISE_IN_CHINA: ReadonlySet<string> = new Set(['ec2', 'eks', 'sqs', 'sts']);

/**
 * The name of a service's interface endpoint, as `aws ec2 describe-vpc-endpoint-services` lists it
 * there: the CDK keeps the same exceptions for China (aws-ec2, `InterfaceVpcEndpointAwsService`).
 */
function endpointService(region: string, service: string): string {
  const inChina = region.startsWith('cn-') && NAMED_OTHERWISE_IN_CHINA.has(service);
  return `${inChina ? 'cn.com' : 'com'}.amazonaws.${region}.${service}`;
}

function vpcEndpoints({ region, ec2 }: StageSettings): StackOutput {
  const services = [...CALLED_SERVICES, ...(ec2?.budgetTable === undefined ? [] : ['dynamodb'])];
  return {
    Description: 'Interface endpoints that a VPC without a way to the internet needs',
    Value: services.map((service) => endpointService(region, service)).join(', '),
  };
}
