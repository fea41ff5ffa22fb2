import { createHash } from 'node:crypto';

const SERVICE = 'multus-eni-reconciler';

/** osls names what it makes of a function `reconcile` so. */
export const FUNCTION_IDS = { reconcile: 'ReconcileLambdaFunction', sweep: 'SweepLambdaFunction' };
export type FunctionName = keyof typeof FUNCTION_IDS;

/** How long an invocation may take, in seconds. */
export const TIMEOUT_SECONDS = { reconcile: 60, sweep: 120 } as const;

export function stackName(stage: string): string {
  return `${SERVICE}-${stage}`;
}

export function functionName(stage: string, name: FunctionName): string {
  return `${stackName(stage)}-${name}`;
}

export function queueName(stage: string): string {
  return `${stackName(stage)}.fifo`;
}

export function deadLetterQueueName(stage: string): string {
  return `${stackName(stage)}-dead-letter.fifo`;
}

/**
 * The queues of a cluster that joined. A stage's name has no `_`, so that a pattern of one stage's
 * queues fits no other stage's, and none of its dead-letter queues.
 *
 * @param part the cluster's name, or what stands for it: SQS takes 80 characters in all.
 */
export function clusterQueueNames(
  stage: string,
  part: string,
): { readonly queue: string; readonly deadLetterQueue: string } {
  return {
    queue: `${stackName(stage)}_${part}.fifo`,
    deadLetterQueue: `${stackName(stage)}-dead-letter_${part}.fifo`,
  };
}

/** The table in which executions book EC2's calls, if the stage has its own. */
export function budgetTableName(stage: string): string {
  return `${stackName(stage)}-budget`;
}

/** Where the settings of clusters that joined are in SSM; a cluster's name follows. */
export function settingsPath(stage: string): string {
  return `/${SERVICE}/${stage}/clusters/`;
}

/** Where SSM has what the functions are configured with. */
export function stageSettingsName(stage: string): string {
  return `/${SERVICE}/${stage}/settings`;
}

/**
 * A cluster's name as a part of logical ids, which hold letters and digits only: `demo` → `Demo`. If a
 * part of the name is lost, a hash keeps it apart from the others.
 */
export function idOf(cluster: string): string {
  const words = cluster.split(/[-_]/).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  if (/^[a-z][a-z0-9]*$/.test(cluster)) return words.join('');
  return words.join('') + createHash('sha256').update(cluster).digest('hex').slice(0, 6);
}
