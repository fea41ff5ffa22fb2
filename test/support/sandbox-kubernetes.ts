import { onTestFinished } from 'vitest';
import { ADMIN_TOKEN } from '../../sandbox/kubernetes/authentication.ts';
import { type RunningKubernetes, startKubernetes } from '../../sandbox/kubernetes/kubernetes.ts';
import { tokenTransport } from '../../shared/cluster/authenticated-transport.ts';
import { connectKubernetes, type KubernetesOptions } from '../../shared/cluster/client.ts';
import type { Kubernetes } from '../../shared/cluster/kubernetes.ts';
import { systemClock } from '../../shared/time/clock.ts';
import { patience } from './machine.ts';

/** The sandbox's API server for the running test, and the functions' client of it. */
export async function connectedKubernetes(
  more: Pick<KubernetesOptions, 'bytesOfNetworks'> = {},
): Promise<{
  readonly api: RunningKubernetes;
  readonly kubernetes: Kubernetes;
}> {
  const api = await startKubernetes();
  onTestFinished(() => api.stop());
  const kubernetes = connectKubernetes({
    clock: systemClock,
    transport: tokenTransport({
      server: api.url,
      caData: api.caData,
      token: async () => ADMIN_TOKEN,
    }),
    // Lists of many megabytes are answered late by a busy machine, and nothing here is about the deadline.
    requestTimeoutMs: patience(10_000),
    ...more,
  });
  return { api, kubernetes };
}
