import { type VirtualClock, virtualClock } from '../../../../sandbox/clock.ts';
import { tokenTransport } from '../../../../shared/cluster/authenticated-transport.ts';
import { connectKubernetes } from '../../../../shared/cluster/client.ts';
import type { Kubernetes } from '../../../../shared/cluster/kubernetes.ts';
import { type ScriptedApiServer, startScriptedApiServer } from './api-server.ts';

/** A client of an API server that answers as a test tells it to. */
export interface ClientBed {
  readonly api: ScriptedApiServer;
  readonly clock: VirtualClock;
  readonly kubernetes: Kubernetes;
  /** What the client told of as failed. */
  readonly failures: readonly unknown[];
}

/** Starts it; a request is given up after 5 s of its clock, and the tokens are `token-1`, `token-2`, … */
export async function startClientBed(): Promise<ClientBed> {
  const api = await startScriptedApiServer();
  const clock = virtualClock();
  const failures: unknown[] = [];
  let tokens = 0;
  const kubernetes = connectKubernetes({
    transport: tokenTransport({
      server: api.server,
      caData: api.caData,
      token: async () => {
        tokens += 1;
        return `token-${tokens}`;
      },
    }),
    clock,
    requestTimeoutMs: 5_000,
    onFailure: (error) => failures.push(error),
    uuid: () => '0a1b2c',
  });
  return { api, clock, kubernetes, failures };
}
