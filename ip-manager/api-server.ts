import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tokenTransport } from '../shared/cluster/authenticated-transport.ts';
import type { ApiTransport } from '../shared/cluster/transport.ts';
import type { Environment } from './environment.ts';
import { EXIT, Failure } from './exit-code.ts';

/** The API server, as the pod's service account knows it. */
export interface ServiceAccountApi {
  readonly transport: ApiTransport;
  /** The service account's. */
  readonly namespace: string;
}

/** @throws Failure if there is no API server or no service account. */
export async function apiServer(environment: Environment): Promise<ServiceAccountApi> {
  const { kubernetesHost, kubernetesPort, serviceAccountDirectory: directory } = environment;
  if (kubernetesHost === undefined) {
    throw new Failure(
      EXIT.noPermission,
      'KUBERNETES_SERVICE_HOST is not set: this runs in a pod, which has the variable',
    );
  }
  const file = (name: string) => readServiceAccount(directory, name);
  const ca = await file('ca.crt');
  await file('token');
  const host = kubernetesHost.includes(':') ? `[${kubernetesHost}]` : kubernetesHost;
  const transport = tokenTransport({
    server: `https://${host}:${kubernetesPort}`,
    caData: Buffer.from(ca).toString('base64'),
    // The kubelet renews the file.
    token: async () => (await file('token')).trim(),
    proxy: environment.proxy,
  });
  return { transport, namespace: (await file('namespace')).trim() };
}

async function readServiceAccount(directory: string, name: string): Promise<string> {
  try {
    return await readFile(join(directory, name), 'utf8');
  } catch (error) {
    throw new Failure(
      EXIT.noPermission,
      `no service account token: ${join(directory, name)} cannot be read. Set automountServiceAccountToken: true in the pod's spec`,
      { cause: error },
    );
  }
}
