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
 * A cluster's name as a part of logical ids, which hold letters and digits only: `demo` → `Demo`.
 * Where something of the name is lost, a hash keeps it apart from the others.
 */
export function idOf(cluster: string): string {
  const words = cluster.split(/[-_]/).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  if (/^[a-z][a-z0-9]*$/.test(cluster)) return words.join('');
  return words.join('') + createHash('sha256').update(cluster).digest('hex').slice(0, 6);
}
