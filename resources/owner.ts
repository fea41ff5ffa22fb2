import { ownerName } from '../shared/control.ts';
import type { Resource } from './cloudformation.ts';

/**
 * Says which stage serves a cluster. A parameter's name exists once in an account and Region. So
 * CloudFormation refuses a second stage of the same cluster, and that stage's functions find that the
 * cluster is not theirs.
 */
export function owner(cluster: string, stage: string): Resource {
  return {
    Type: 'AWS::SSM::Parameter',
    Properties: {
      Name: ownerName(cluster),
      Description: 'The stage of multus-eni-reconciler that serves this cluster',
      Type: 'String',
      Value: stage,
    },
  };
}
