import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { kubeconfig } from './kubeconfig.ts';
import type { RealCluster } from './start.ts';

const BASE = join(import.meta.dirname, '..', '..', '..', 'deploy', 'base');
/** As in deploy/base. */
export const NAMESPACE = 'multus-eni-reconciler';
export const FORWARDER = 'multus-eni-forwarder';

const TOKEN = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/${FORWARDER}/token`;
const A_DAY = { spec: { expirationSeconds: 24 * 60 * 60 } };
const manifest = z.looseObject({ kind: z.string() });
const tokenRequest = z.object({ status: z.object({ token: z.string() }) });

/** What the forwarder reaches its cluster with. */
export interface ForwarderAccess {
  /** The token of its service account, as the kubelet would ask for it. */
  readonly token: string;
  /** A kubeconfig with that token, for the API server or a way to it. */
  kubeconfigFor(server?: string): string;
}

/**
 * Gives forwarder and functions what deploy/base has for them but the Deployment: this forwarder is
 * to run in another place. It needs no images, and nodes neither.
 *
 * @throws CommandFailed if the API server refuses any of it.
 */
export async function applyProductAccess(cluster: RealCluster): Promise<ForwarderAccess> {
  const { kubectl, api, server, caData } = cluster;
  const documents = parseAllDocuments(await kubectl(['kustomize', BASE]));
  const objects = documents.map((document) => manifest.parse(document.toJS()));
  const items = objects.filter(({ kind }) => kind !== 'Deployment');
  const list = { apiVersion: 'v1', kind: 'List', items };
  await kubectl(['create', '--validate=ignore', '--filename=-'], { input: JSON.stringify(list) });
  const { token } = tokenRequest.parse(await api.call('POST', TOKEN, A_DAY)).status;
  const ca = Buffer.from(caData, 'base64').toString();
  return { token, kubeconfigFor: (at = server) => kubeconfig({ server: at, ca, user: { token } }) };
}
