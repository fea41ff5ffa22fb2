import type { ClusterSettings, StageSettings } from '../config/schema.ts';
import { getAtt, join, type Output, type Outputs, ref, sub } from './cloudformation.ts';
import { awsAuthLines } from './cluster-access.ts';
import { forwarderRoleId } from './forwarder-identity.ts';
import { ROLE_IDS } from './function-roles.ts';
import { idOf } from './names.ts';

/** What the stack tells: for people, for `npm run kustomize` and for `npm run replay`. */
export function outputs(settings: StageSettings): Outputs {
  return {
    QueueUrl: { Description: 'The queue of nodes to look at', Value: ref('Queue') },
    DeadLetterQueueUrl: {
      Description: 'Where messages go that could not be done',
      Value: ref('DeadLetterQueue'),
    },
    ReconcileRoleArn: {
      Description: 'The role of the function reconcile',
      Value: getAtt(ROLE_IDS.reconcile, 'Arn'),
    },
    SweepRoleArn: {
      Description: 'The role of the function sweep',
      Value: getAtt(ROLE_IDS.sweep, 'Arn'),
    },
    AlarmTopicArn: {
      Description: 'Where alarms go',
      Value: settings.alarmTopicArn ?? ref('AlarmTopic'),
    },
    ...(settings.vpc && { VpcEndpoints: vpcEndpoints() }),
    ...Object.fromEntries(
      settings.clusters.flatMap((cluster) => [
        [`Cluster${idOf(cluster.name)}`, inCluster(cluster)],
        ...Object.entries(awsAuthLines(cluster)),
      ]),
    ),
  };
}

/** JSON, as scripts/kustomize.ts reads it. */
function inCluster(cluster: ClusterSettings): Output {
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
export const CALLED_SERVICES = ['ec2', 'eks', 'sqs'] as const;

function vpcEndpoints(): Output {
  const names = CALLED_SERVICES.map((service) => `com.amazonaws.\${AWS::Region}.${service}`);
  return {
    Description: 'Interface endpoints that a VPC without a way to the internet needs',
    Value: sub(names.join(', ')),
  };
}
