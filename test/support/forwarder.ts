import { KubeConfig } from '@kubernetes/client-node';
import pino from 'pino';
import { ELECTION_TIMES } from '../../forwarder/election/leader.ts';
import {
  type Forwarder,
  type ForwarderOptions,
  startForwarder,
} from '../../forwarder/forwarder.ts';
import { kubeConfigTransport } from '../../shared/cluster/authenticated-transport.ts';
import type { ApiTransport } from '../../shared/cluster/transport.ts';
import { systemClock } from '../../shared/time/clock.ts';

/** The API server of a kubeconfig, given as text. */
export function transportOf(kubeconfig: string): ApiTransport {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  return kubeConfigTransport(config);
}

/** A forwarder in this process, deployed as usual in all that is not given. */
export function startUsualForwarder(
  options: Pick<ForwarderOptions, 'cluster' | 'kube' | 'send'> & Partial<ForwarderOptions>,
): Promise<Forwarder> {
  return startForwarder({
    lease: { namespace: 'default', name: 'multus-eni-forwarder' },
    identity: `forwarder-${Math.random()}`,
    http: { host: '127.0.0.1', port: 0 },
    outboxLimit: { messages: 10_000, bytes: 64 * 1024 * 1024 },
    electionTimes: ELECTION_TIMES,
    clock: systemClock,
    random: Math.random,
    log: pino({ level: 'silent' }),
    ...options,
  });
}
