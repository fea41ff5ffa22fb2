import * as z from 'zod';

/** The variables of a program that name a proxy; both may be missing. */
export const PROXY_VARIABLES = {
  HTTPS_PROXY: z.url({ protocol: /^https?$/, message: 'not the URL of a proxy' }).optional(),
  NO_PROXY: z.string().optional(),
};

/**
 * Through which proxy TLS goes, in the form that Node's agents take as `proxyEnv` (Node.js, "HTTP",
 * "Built-in proxy support"). What is not TLS goes by none: that is the instance metadata service and
 * the EKS Pod Identity Agent, which answer on the node alone.
 */
export interface HttpsProxy {
  readonly HTTPS_PROXY?: string;
  /** Hosts that are reached without it, as Node reads them. */
  readonly NO_PROXY?: string;
}

/** What was read of the variables. */
export function proxyFrom(read: {
  readonly HTTPS_PROXY?: string | undefined;
  readonly NO_PROXY?: string | undefined;
}): HttpsProxy {
  const { HTTPS_PROXY, NO_PROXY } = read;
  return {
    ...(HTTPS_PROXY !== undefined && { HTTPS_PROXY }),
    ...(NO_PROXY !== undefined && { NO_PROXY }),
  };
}
