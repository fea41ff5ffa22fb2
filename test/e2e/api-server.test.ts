import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { ELECTION_TIMES } from '../../forwarder/election/leader.ts';
import type { ApiTransport } from '../../shared/cluster/transport.ts';
import { LOOSE, NET_1, networkStatus } from '../support/networks.ts';
import type { Product } from '../support/product.ts';
import type { Network, Worker } from '../support/stage.ts';
import { wayTo } from './columns/outage.ts';
import { type Etcd, etcdAt } from './support/etcd.ts';
import { type PlaneBed, startPlaneBed } from './support/plane-bed.ts';
import { startWatchingForwarder } from './support/watching-forwarder.ts';

/*
 * What an API server and its etcd do on bad days, and no stand-in does quite as they do.
 */

let bed: PlaneBed;
let etcd: Etcd;
beforeAll(async () => {
  bed = await startPlaneBed();
  etcd = etcdAt(bed.plane.controlPlane.etcdUrl);
  await bed.cluster.applyNetwork(NET_1);
  await bed.cluster.applyNetwork(LOOSE);
});
afterAll(() => bed?.stop());

test('a watch goes on from a bookmark if the API server was restarted', async () => {
  const { cluster, api, plane } = bed;
  const { controllerManager, scheduler, apiServer } = plane.controlPlane;
  const product = startProduct();
  const worker = await cluster.addWorker();
  const watches: number[] = [];
  const forwarder = await startWatchingForwarder({
    bed,
    product,
    wrap: (kube) => shortWatches(kube, watches),
    electionTimes: RENEWS_SELDOM,
  });
  onTestFinished(() => forwarder.stop());
  const [stays, goes] = [await runPod(worker, LOOSE, 200), await runPod(worker, LOOSE, 201)];
  await soon(() => addressesOn(worker)).toEqual([stays.address, goes.address]);
  // A restarted API server knows of nothing before its restart. A position that a bookmark brought
  // up to the last write of all is the only one that it can go on from.
  for (const writer of [controllerManager, scheduler]) {
    onTestFinished(() => writer.start());
    await writer.kill();
  }
  await api.patch('namespaces', { name: 'default' }, { metadata: { annotations: { a: 'write' } } });
  const lastWrite = await etcd.revision();
  await soon(async () => {
    // A consistent read makes the API server ask etcd how far it is.
    await api.list('pods');
    return (watches.at(-1) ?? 0) - (await etcd.revision());
  }).toBe(0);
  await apiServer.kill();
  expect(watches.at(-1)).toBeGreaterThanOrEqual(lastWrite);

  await apiServer.start();
  await cluster.deletePod(goes.pod, { force: true });

  await soon(() => addressesOn(worker)).toEqual([stays.address]);
  expect(await forwarder.metric('multus_eni_forwarder_relists_total')).toBe(0);
});

test('what etcd has forgotten is listed again, and no deletion is lost', async () => {
  const { cluster, plane } = bed;
  const product = startProduct();
  const worker = await cluster.addWorker();
  const way = await wayTo(Number(new URL(plane.server).port));
  onTestFinished(() => way.stop());
  const kubeconfig = bed.forwarder.kubeconfigFor(`https://127.0.0.1:${way.port}`);
  const forwarder = await startWatchingForwarder({ bed, product, kubeconfig });
  onTestFinished(() => forwarder.stop());
  const [stays, goes] = [await runPod(worker, LOOSE, 202), await runPod(worker, LOOSE, 203)];
  await soon(() => addressesOn(worker)).toEqual([stays.address, goes.address]);
  await soon(() => isBusy(product)).toBe(false);

  way.cut();
  await cluster.deletePod(goes.pod, { force: true });
  const comes = await runPod(worker, LOOSE, 204);
  await etcd.compact();
  // It remembers the last minute itself.
  await plane.controlPlane.apiServer.kill();
  await plane.controlPlane.apiServer.start();
  way.open();

  // Nothing but the message about the deletion releases an address outside ranges.
  await soon(() => addressesOn(worker)).toEqual([stays.address, comes.address]);
  expect(forwarder.log()).toContain('410');
  expect(await forwarder.metric('multus_eni_forwarder_relists_total')).toBe(1);
});

test.for(['first', 'last'] as const)(
  'an address moves on from a node that is gone, its Node object %s, while its instance lives',
  async (nodeGoes) => {
    const { cluster } = bed;
    const product = startProduct();
    const forwarder = await startWatchingForwarder({ bed, product });
    onTestFinished(() => forwarder.stop());
    const [old, other] = [await cluster.addWorker(), await cluster.addWorker()];
    const { pod, address } = await runPod(old, NET_1, 75);
    await soon(() => addressesOn(old)).toEqual([address]);

    if (nodeGoes === 'first') await cluster.deleteNode(old);
    await cluster.deletePod(pod, { force: true });
    if (nodeGoes === 'last') await cluster.deleteNode(old);
    const replacement = await runPod(other, NET_1, 75);

    await soon(() => addressesOn(other)).toEqual([address]);
    expect(addressesOn(old)).toEqual([]);
    await soon(() => cluster.conditionOf(replacement.pod)).toMatchObject({ status: 'True' });
    await cluster.deletePod(replacement.pod, { force: true });
    await soon(() => addressesOn(other)).toEqual([]);
  },
);

/** The forwarder's own Lease is a write, too. */
const RENEWS_SELDOM = {
  ...ELECTION_TIMES,
  leaseDuration: 120_000,
  renewDeadline: 100_000,
  retryPeriod: 60_000,
};

/**
 * The API server sends a bookmark once a minute, and 2 s before the end of a watch: with an early
 * end, soon. `positions` gets the resourceVersions that watches begin from.
 */
function shortWatches(kube: ApiTransport, positions: number[]): ApiTransport {
  return (request) => {
    const [path = '', query] = request.path.split('?');
    const parameters = new URLSearchParams(query);
    if (!parameters.has('watch')) return kube(request);
    positions.push(Number(parameters.get('resourceVersion')));
    parameters.set('timeoutSeconds', '4');
    return kube({ ...request, path: `${path}?${parameters}` });
  };
}

function startProduct(): Product {
  const product = bed.startProduct();
  onTestFinished(() => product.stop());
  product.startDelivery();
  return product;
}

/** Whether a message of before may still lead to a reconcile. */
function isBusy(product: Product): boolean {
  return product.underWay() > 0 || bed.world.sqs.messages(bed.world.queue.name).length > 0;
}

async function runPod(worker: Worker, network: Network, last: number) {
  const address = `172.16.1.${last}`;
  const annotations = networkStatus([{ network, ips: [address] }]);
  const name = `app-${last}-on-${worker.instanceId}`;
  return { pod: await bed.cluster.runPod(name, { on: worker, annotations }), address };
}

function addressesOn(worker: Worker): readonly string[] {
  return [...bed.world.ec2.eni(worker.eth1).secondary].sort();
}

/** An API server takes seconds to be back. */
function soon<T>(look: () => T) {
  return expect.poll(look, { interval: 50, timeout: 60_000 });
}
