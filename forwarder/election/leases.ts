import * as z from 'zod';
import { PATHS } from '../../shared/cluster/paths.ts';
import { ApiError, type ApiTransport, readText } from '../../shared/cluster/transport.ts';

const LONGEST_LEASE_BYTES = 1024 * 1024;

/** What a Lease says. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/ */
export interface LeaseRecord {
  /** Empty after a release. */
  readonly holder: string;
  readonly durationSeconds: number;
  readonly transitions: number;
  /** RFC 3339 with microseconds, as they are written: compared, never calculated with. */
  readonly acquireTime: string;
  readonly renewTime: string;
}

export interface Lease extends LeaseRecord {
  /** Changes with every write; a write that names an older one is refused. */
  readonly resourceVersion: string;
}

export interface Leases {
  /** `undefined` if there is none yet. */
  get(signal: AbortSignal): Promise<Lease | undefined>;
  /**
   * Writes the Lease in place of `over`, or creates it.
   *
   * @returns what is there now, or `undefined` if someone else wrote first.
   */
  write(
    record: LeaseRecord,
    over: Lease | undefined,
    signal: AbortSignal,
  ): Promise<Lease | undefined>;
}

const lease = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  spec: z
    .object({
      holderIdentity: z.string().nullish(),
      leaseDurationSeconds: z.number().nullish(),
      leaseTransitions: z.number().nullish(),
      acquireTime: z.string().nullish(),
      renewTime: z.string().nullish(),
    })
    .nullish(),
});

/** One Lease object (coordination.k8s.io/v1) of the API server. */
export function leaseAt(kube: ApiTransport, namespace: string, name: string): Leases {
  const path = PATHS.lease(namespace, name);
  return {
    async get(signal) {
      try {
        return await read(await kube({ path, signal }));
      } catch (error) {
        if (error instanceof ApiError && error.code === 404) return undefined;
        throw error;
      }
    },
    async write(record, over, signal) {
      const body = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: {
          namespace,
          name,
          ...(over === undefined ? {} : { resourceVersion: over.resourceVersion }),
        },
        spec: {
          holderIdentity: record.holder,
          leaseDurationSeconds: record.durationSeconds,
          leaseTransitions: record.transitions,
          acquireTime: record.acquireTime,
          renewTime: record.renewTime,
        },
      };
      try {
        const request =
          over === undefined
            ? ({ method: 'POST', path: PATHS.leases(namespace) } as const)
            : ({ method: 'PUT', path } as const);
        return await read(await kube({ ...request, body, signal }));
      } catch (error) {
        // 409 Conflict: written or created since; 404: deleted since.
        if (error instanceof ApiError && [404, 409].includes(error.code)) return undefined;
        throw error;
      }
    },
  };
}

async function read(response: Awaited<ReturnType<ApiTransport>>): Promise<Lease> {
  const text = await readText(response, LONGEST_LEASE_BYTES);
  const { metadata, spec } = lease.parse(JSON.parse(text));
  return {
    resourceVersion: metadata.resourceVersion,
    holder: spec?.holderIdentity ?? '',
    durationSeconds: spec?.leaseDurationSeconds ?? 0,
    transitions: spec?.leaseTransitions ?? 0,
    acquireTime: spec?.acquireTime ?? '',
    renewTime: spec?.renewTime ?? '',
  };
}
