import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { LOOSE, networkStatus } from '../support/networks.ts';
import { FORWARDER, NAMESPACE } from './cluster/product-access.ts';
import { startForwarderProgram } from './support/forwarder-program.ts';
import { type PlaneBed, startPlaneBed } from './support/plane-bed.ts';

const TAKE_OVER_MS = 20_000;

const lease = z.object({ spec: z.object({ holderIdentity: z.string() }) });

test('if the leading forwarder is killed the other leads within 20 s, and nothing is lost', async () => {
  const bed = await startPlaneBed();
  onTestFinished(() => bed.stop());
  const { cluster, world } = bed;
  const programs = await Promise.all(
    ['forwarder-a', 'forwarder-b'].map((name) => startForwarderProgram(bed, name)),
  );
  onTestFinished(async () => {
    await Promise.all(programs.map((program) => program.kill()));
  });
  const product = bed.startProduct();
  product.startDelivery();
  const worker = await cluster.addWorker();
  await cluster.applyNetwork(LOOSE);
  // Outside ranges: an address is released only by a message that names it.
  const run = (last: number) =>
    cluster.runPod(`app-${last}`, {
      on: worker,
      annotations: networkStatus([{ network: LOOSE, ips: [`172.16.1.${last}`] }]),
    });
  const assigned = () =>
    world.ec2.eni(worker.eth1).secondary.map((address) => Number(address.split('.').at(-1)));

  await expect.poll(() => programs.every((program) => program.isReady()), WITHIN).toBe(true);
  const [goesBefore, goesAfter] = [await run(200), await run(201), await run(202)];
  await expect.poll(() => assigned().toSorted(), WITHIN).toEqual([200, 201, 202]);
  const leader = await leaderOf(bed);
  const leading = programs.find(({ podName }) => podName === leader);
  const other = programs.find(({ podName }) => podName !== leader);
  expect(leading).toBeDefined();

  // Whether it still tells of the first deletion is a matter of luck; of the rest it cannot.
  await cluster.deletePod(goesBefore, { force: true });
  await leading?.kill();
  const killed = performance.now();
  await cluster.deletePod(goesAfter, { force: true });
  await run(203);

  await expect.poll(() => leaderOf(bed), WITHIN).toBe(other?.podName);
  const seconds = (performance.now() - killed) / 1000;
  console.log(`The other forwarder led ${seconds.toFixed(1)} s after the leader was killed`);
  await expect.poll(() => assigned().toSorted(), WITHIN).toEqual([202, 203]);
});

const WITHIN = { timeout: TAKE_OVER_MS, interval: 50 };

/** The name of the pod that the Lease names. */
async function leaderOf({ api }: PlaneBed): Promise<string | undefined> {
  const object = await api.find('leases', { namespace: NAMESPACE, name: FORWARDER });
  return object && lease.parse(object).spec.holderIdentity.split('_')[0];
}
