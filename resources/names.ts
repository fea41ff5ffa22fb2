export const SERVICE = 'multus-eni-reconciler';

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

/** A cluster's name as a part of logical ids, which hold letters and digits only. */
export function idOf(cluster: string): string {
  const spelled = cluster.replaceAll('-', 'Dash').replaceAll('_', 'Underscore');
  return spelled.charAt(0).toUpperCase() + spelled.slice(1);
}
