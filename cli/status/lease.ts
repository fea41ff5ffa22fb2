import * as z from 'zod';
import type { Api } from '../access/kubernetes.ts';

/** The forwarder that leads in a cluster, as its Lease says. */
export interface Leader {
  readonly namespace: string;
  /** Empty if nobody leads. */
  readonly holder: string;
  /** Milliseconds since the epoch: when it said so last. */
  readonly renewedAt: number;
  readonly durationSeconds: number;
}

const LEASE = 'multus-eni-forwarder';

const leases = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), namespace: z.string() }),
      spec: z
        .object({
          holderIdentity: z.string().nullish(),
          leaseDurationSeconds: z.number().nullish(),
          renewTime: z.string().nullish(),
        })
        .nullish(),
    }),
  ),
});

/**
 * @returns `undefined` if there is no Lease: no forwarder has run.
 * @throws what the API server refuses with.
 */
export async function readLeader(api: Api): Promise<Leader | undefined> {
  const answer = await api.read(
    `/apis/coordination.k8s.io/v1/leases?fieldSelector=${encodeURIComponent(`metadata.name=${LEASE}`)}`,
  );
  const found = leases.parse(answer).items.filter(({ metadata }) => metadata.name === LEASE);
  const [newest] = found
    .map(({ metadata, spec }) => ({
      namespace: metadata.namespace,
      holder: spec?.holderIdentity ?? '',
      renewedAt: Date.parse(spec?.renewTime ?? '') || 0,
      durationSeconds: spec?.leaseDurationSeconds ?? 0,
    }))
    .toSorted((a, b) => b.renewedAt - a.renewedAt);
  return newest;
}
