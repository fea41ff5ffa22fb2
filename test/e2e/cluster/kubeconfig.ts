import type { Certificate } from './certificates.ts';

export interface KubeconfigOptions {
  readonly server: string;
  /** The authority's certificate, PEM; none for a server without TLS. */
  readonly ca?: string;
  readonly user?: { readonly token: string } | Certificate;
}

/** A kubeconfig with one cluster, user and context. JSON, and so YAML. */
export function kubeconfig({ server, ca, user }: KubeconfigOptions): string {
  const name = 'real';
  const cluster = { server, ...(ca && { 'certificate-authority-data': base64(ca) }) };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster }],
    users: [{ name, user: credentials(user) }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  });
}

function credentials(user: KubeconfigOptions['user']): object {
  if (user === undefined) return {};
  if ('token' in user) return user;
  const { cert, key } = user;
  return { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) };
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
