import { KubeConfig } from '@kubernetes/client-node';
import * as z from 'zod';
import { NETWORK_STATUS } from '../../../shared/cluster/annotations.ts';
import { kubeConfigTransport } from '../../../shared/cluster/authenticated-transport.ts';
import { readLines } from '../../../shared/cluster/transport.ts';
import type { RealCluster } from '../cluster/start.ts';

const LONGEST_LINE = 1024 * 1024;

const change = z.object({
  object: z.object({
    metadata: z.object({
      name: z.string().optional(),
      annotations: z.record(z.string(), z.string()).default({}),
    }),
  }),
});

/** Tells when a watch of the pods showed each one's network-status first, ms since the epoch. */
export async function watchAnnotations(
  { kubeconfigFor }: RealCluster,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const config = new KubeConfig();
  config.loadFromString(await kubeconfigFor());
  const path = '/api/v1/namespaces/default/pods?watch=true';
  const response = await kubeConfigTransport(config)({ path, signal });
  const times = new Map<string, number>();
  const follow = async () => {
    for await (const line of readLines(response, LONGEST_LINE)) {
      const at = Date.now();
      const { name = '', annotations } = change.parse(JSON.parse(line)).object.metadata;
      if (annotations[NETWORK_STATUS] && !times.has(name)) times.set(name, at);
    }
  };
  // It ends with the signal.
  follow().catch(() => undefined);
  return times;
}
