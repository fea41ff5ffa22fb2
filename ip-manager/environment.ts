import * as z from 'zod';
import { DEFAULT_MANAGED_TAG, type ManagedTag, parseManagedTag } from '../shared/enis/ec2.ts';
import { type HttpsProxy, PROXY_VARIABLES, proxyFrom } from '../shared/proxy.ts';
import { quote } from '../shared/text/read.ts';
import { EXIT, Failure } from './exit-code.ts';

/** What the program is told by environment variables, apart from what the AWS SDK reads itself. */
export interface Environment {
  readonly managedTag: ManagedTag;
  readonly allowReassignment: boolean;
  readonly podName?: string | undefined;
  readonly podNamespace?: string | undefined;
  readonly kubernetesHost?: string | undefined;
  readonly kubernetesPort: string;
  readonly serviceAccountDirectory: string;
  readonly ipCommand: string;
  /** The node that the pod runs on; only `untaint` needs it. */
  readonly nodeName?: string | undefined;
  /** Where the container runtime looks for the configuration of CNI plugins. */
  readonly cniDirectory: string;
  readonly startupTaint: string;
  readonly proxy: HttpsProxy;
}

const managedTag = z.string().transform((text, context): ManagedTag => {
  const parsed = parseManagedTag(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: `${quote(text)} is not of the form key=value` });
  return z.NEVER;
});

const trueOrFalse = z
  .string()
  .toLowerCase()
  .pipe(z.enum(['true', 'false'], 'true or false is needed'))
  .transform((text) => text === 'true');

const variables = z
  .object({
    MANAGED_TAG: managedTag.default(DEFAULT_MANAGED_TAG),
    ALLOW_REASSIGNMENT: trueOrFalse.default(false),
    POD_NAME: z.string().optional(),
    POD_NAMESPACE: z.string().optional(),
    KUBERNETES_SERVICE_HOST: z.string().optional(),
    KUBERNETES_SERVICE_PORT: z.string().default('443'),
    SERVICE_ACCOUNT_DIRECTORY: z.string().default('/var/run/secrets/kubernetes.io/serviceaccount'),
    IP_COMMAND: z.string().default('ip'),
    NODE_NAME: z.string().optional(),
    CNI_DIRECTORY: z.string().default('/host/etc/cni/net.d'),
    STARTUP_TAINT: z.string().default('multus-eni.dev/multus-not-ready'),
    ...PROXY_VARIABLES,
  })
  .transform(
    (read): Environment => ({
      managedTag: read.MANAGED_TAG,
      allowReassignment: read.ALLOW_REASSIGNMENT,
      podName: read.POD_NAME,
      podNamespace: read.POD_NAMESPACE,
      kubernetesHost: read.KUBERNETES_SERVICE_HOST,
      kubernetesPort: read.KUBERNETES_SERVICE_PORT,
      serviceAccountDirectory: read.SERVICE_ACCOUNT_DIRECTORY,
      ipCommand: read.IP_COMMAND,
      nodeName: read.NODE_NAME,
      cniDirectory: read.CNI_DIRECTORY,
      startupTaint: read.STARTUP_TAINT,
      proxy: proxyFrom(read),
    }),
  );

/**
 * Reads the environment; a variable that is empty counts as not set.
 *
 * @throws Failure that names each variable that is wrong.
 */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  const set = Object.entries(env).filter(([, value]) => value !== undefined && value !== '');
  const parsed = variables.safeParse(Object.fromEntries(set));
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Failure(EXIT.badInput, `environment variable ${wrong.join('; ')}`);
}
