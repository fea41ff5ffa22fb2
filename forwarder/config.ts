import * as z from 'zod';
import { type HttpsProxy, PROXY_VARIABLES, proxyFrom } from '../shared/proxy.ts';

const port = z.coerce.number().int().min(0).max(65_535);
const dnsName = z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, 'not a Kubernetes name');

/** The variables that are read. */
export const variables = z.object({
  CLUSTER_NAME: z
    .string()
    .regex(/^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/, 'not the name of an EKS cluster'),
  QUEUE_URL: z.url({ protocol: /^https?$/ }).endsWith('.fifo', 'not the URL of a FIFO queue'),
  AWS_REGION: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d+$/, 'not a region, such as eu-central-1'),
  POD_NAME: dnsName,
  POD_NAMESPACE: dnsName,
  LEASE_NAME: dnsName.default('multus-eni-forwarder'),
  HTTP_HOST: z.union([z.ipv4(), z.ipv6()]).optional(),
  HTTP_PORT: port.default(8080),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
  OUTBOX_LIMIT: z.coerce.number().int().min(1).max(1_000_000).default(10_000),
  KUBECONFIG: z.string().min(1).optional(),
  ...PROXY_VARIABLES,
});

/** The forwarder's configuration, read from the environment once. */
export interface ForwarderConfig {
  readonly cluster: string;
  readonly queueUrl: string;
  readonly region: string;
  readonly podName: string;
  /** The namespace of the forwarder's own pod and of its Lease. */
  readonly namespace: string;
  readonly leaseName: string;
  /** The address that HTTP is served on; absent for all. */
  readonly httpHost?: string;
  /** 0 for one that the system chooses. */
  readonly httpPort: number;
  readonly logLevel: string;
  /** How many messages wait at most before nodes' events become one `resync` each. */
  readonly outboxLimit: number;
  /** Absent inside the cluster: there the forwarder uses the service account. */
  readonly kubeconfig?: string;
  readonly proxy: HttpsProxy;
}

/**
 * Reads the configuration. An empty variable counts as not set.
 *
 * @throws Error which names every variable that is missing or wrong, and what is wrong with it.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): ForwarderConfig {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = variables.safeParse(set);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      ({ path, message }) => `${path.join('.')}: ${message}`,
    );
    throw new Error(`environment: ${problems.join('; ')}`);
  }
  const { data } = parsed;
  return {
    cluster: data.CLUSTER_NAME,
    queueUrl: data.QUEUE_URL,
    region: data.AWS_REGION,
    podName: data.POD_NAME,
    namespace: data.POD_NAMESPACE,
    leaseName: data.LEASE_NAME,
    httpPort: data.HTTP_PORT,
    logLevel: data.LOG_LEVEL,
    outboxLimit: data.OUTBOX_LIMIT,
    proxy: proxyFrom(data),
    ...(data.HTTP_HOST === undefined ? {} : { httpHost: data.HTTP_HOST }),
    ...(data.KUBECONFIG === undefined ? {} : { kubeconfig: data.KUBECONFIG }),
  };
}
