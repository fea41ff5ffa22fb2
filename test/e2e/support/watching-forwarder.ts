import pino from 'pino';
import type { ElectionTimes } from '../../../forwarder/election/leader.ts';
import type { Forwarder } from '../../../forwarder/forwarder.ts';
import { sqsSendBatch } from '../../../forwarder/outbox/send-batch.ts';
import type { ApiTransport } from '../../../shared/cluster/transport.ts';
import { startUsualForwarder, transportOf } from '../../support/forwarder.ts';
import type { Product } from '../../support/product.ts';
import { FORWARDER, NAMESPACE } from '../cluster/product-access.ts';
import type { PlaneBed } from './plane-bed.ts';

/** A forwarder in this process, of which a test sees more than the queue. */
export interface WatchingForwarder extends Forwarder {
  /** What it logged so far, a line each. */
  log(): string;
  /** The value of one of its metrics, by name and labels as Prometheus writes them. */
  metric(name: string): Promise<number>;
}

/** Starts a forwarder with the rights of its service account. */
export async function startWatchingForwarder(options: {
  readonly bed: PlaneBed;
  readonly product: Product;
  /** Default: that of its service account. */
  readonly kubeconfig?: string;
  /** Lets a test see, or change, what is asked of the API server. */
  readonly wrap?: (kube: ApiTransport) => ApiTransport;
  readonly electionTimes?: ElectionTimes;
}): Promise<WatchingForwarder> {
  const { bed, product, wrap = (kube) => kube, electionTimes } = options;
  const lines: string[] = [];
  const forwarder = await startUsualForwarder({
    cluster: bed.cluster.name,
    kube: wrap(transportOf(options.kubeconfig ?? bed.forwarder.kubeconfigFor())),
    send: sqsSendBatch(product.sqs, bed.world.queue.url),
    lease: { namespace: NAMESPACE, name: FORWARDER },
    ...(electionTimes && { electionTimes }),
    log: pino({ level: 'info' }, { write: (line) => void lines.push(line) }),
  });
  return {
    ...forwarder,
    log: () => lines.join(''),
    async metric(name) {
      const text = await (await fetch(`http://127.0.0.1:${forwarder.port}/metrics`)).text();
      const line = text.split('\n').find((each) => each.startsWith(`${name} `));
      return Number(line?.slice(name.length + 1) ?? 0);
    },
  };
}
