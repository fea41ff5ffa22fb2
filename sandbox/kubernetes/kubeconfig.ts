import { ADMIN_TOKEN } from './authentication.ts';

/** A kubeconfig with one cluster, user and context. JSON, and so YAML. */
export function kubeconfigText(options: {
  readonly url: string;
  readonly caData: string;
  readonly token?: string | undefined;
}): string {
  const { url, caData, token = ADMIN_TOKEN } = options;
  const name = 'sandbox';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server: url, 'certificate-authority-data': caData } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
