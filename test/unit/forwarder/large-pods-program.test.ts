import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stop as stopEsbuild } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { spawnMeasured } from '../../../bench/forwarder-process.ts';
import { startWorld } from '../../../sandbox/world.ts';
import { bundleProgram } from '../../../scripts/programs.ts';
import { NETWORK_STATUS } from '../../../shared/cluster/annotations.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { networkStatusText } from './pods.ts';

const PODS = 300;
const NODES = 10;
const FORWARDER = join(import.meta.dirname, '../../../deploy/base/forwarder.yaml');
/** Of all annotations of an object together: k8s.io/apimachinery, TotalAnnotationSizeLimitB. */
const MOST_ANNOTATED = 256 * 1024;

const deployment = z.object({
  kind: z.literal('Deployment'),
  spec: z.object({
    template: z.object({
      spec: z.object({
        containers: z.tuple([
          z.object({
            resources: z.object({ limits: z.object({ memory: z.string().regex(/^\d+Mi$/) }) }),
          }),
        ]),
      }),
    }),
  }),
});

/** What the manifest lets a forwarder have. */
function limitMiB(): number {
  const documents = parseAllDocuments(readFileSync(FORWARDER, 'utf8')).map((each) => each.toJS());
  const [found] = documents.flatMap((each) => deployment.safeParse(each).data ?? []);
  return Number.parseInt(found?.spec.template.spec.containers[0].resources.limits.memory ?? '', 10);
}

/** Its network-status, which is read, is as long as all annotations may be together. */
function pod(nth: number) {
  const status = networkStatusText([`10.0.${nth >> 8}.${nth & 255}`]);
  const annotations = { [NETWORK_STATUS]: status.padEnd(MOST_ANNOTATED - NETWORK_STATUS.length) };
  return {
    metadata: { name: `large-${nth}`, namespace: 'default', annotations },
    spec: { nodeName: `node-${nth % NODES}`, containers: [{ name: 'app', image: 'app' }] },
  };
}

test('three hundred pods with the largest annotations leave the forwarder a third of its memory', async () => {
  const folder = await temporaryFolder();
  const program = await bundleProgram('forwarder', folder);
  await stopEsbuild();
  const world = await startWorld();
  onTestFinished(() => world.stop());
  const { objects } = world.cluster.kubernetes;
  for (let nth = 0; nth < PODS; nth += 1) objects.create('pods', pod(nth));
  const forwarder = spawnMeasured(world, program, folder);
  onTestFinished(() => forwarder.stop());
  await forwarder.ready();
  while (world.sqs.messages(world.queue.name).length < NODES) {
    forwarder.throwIfEnded();
    await sleep(50);
  }
  expect(forwarder.mostResidentMiB()).toBeLessThan(limitMiB() * (2 / 3));
});
