import type { Network, Stage, Worker } from '../support/stage.ts';

/** The address that pods of two workers claim. */
export const X = '172.16.1.70';

export async function twoWorkers(
  { cluster }: Stage,
  network: Network,
): Promise<{ readonly a: Worker; readonly b: Worker }> {
  const [a, b] = [await cluster.addWorker(), await cluster.addWorker()];
  await cluster.applyNetwork(network);
  return { a, b };
}

/** The attachments of a pod that claims X. */
export function withX(network: Network) {
  return [{ network, ips: [X] }];
}
