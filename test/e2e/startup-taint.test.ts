import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { CONDITION_TYPE } from '../../shared/cluster/kubernetes.ts';
import { timeoutOption } from '../support/machine.ts';
import type { RealNode } from './cluster/node.ts';
import { until } from './cluster/processes.ts';
import { PRODUCT_IMAGE } from './image/product-image.ts';
import { nodeObstacles } from './parts/preconditions.ts';
import { type InClusterBed, startInClusterBed } from './support/in-cluster-bed.ts';
import { takeMultus } from './support/multus-on-node.ts';
import { deletePod, podStatus, waitFor } from './support/pods.ts';
import { CHOSEN_NETWORK, quietPod } from './support/samples.ts';

const TAINT = 'multus-eni.dev/multus-not-ready';
const NAME = 'multus-eni-startup-taint';
const IN_SYSTEM = '--namespace=kube-system';
const obstacles = await nodeObstacles();

const taint = z.object({ key: z.string() });
const tainted = z.object({ spec: z.object({ taints: z.array(taint).default([]) }) });
/* A node on which Multus comes late, as on one that has just been launched. */
describe.skipIf(obstacles.length > 0)('on a node whose Multus is late', () => {
  let real: InClusterBed;
  let node: RealNode;

  beforeAll(async () => {
    real = await startInClusterBed();
    [node] = real.nodes;
    await real.cluster.api.create('network-attachment-definitions', CHOSEN_NETWORK);
    await real.apply('overlays/demo');
    real.startDelivery();
    const rollout = ['rollout', 'status', 'deployment/multus-eni-forwarder', timeoutOption(120)];
    await real.cluster.kubectl([...rollout, '--namespace=multus-eni-reconciler']);
  });
  afterAll(() => real?.stop());

  const taintsOf = async ({ name }: RealNode): Promise<string[]> => {
    const { spec } = tainted.parse(await real.cluster.api.find('nodes', { name }));
    return spec.taints.map(({ key }) => key);
  };
  /** By the scheduler, which heeds taints, on this node. */
  const runChosen = async (name: string, address: string): Promise<void> => {
    const { spec, ...pod } = quietPod(name, node, [{ name: 'chosen', ips: [`${address}/24`] }]);
    const { nodeName, ...rest } = spec;
    const nodeSelector = { 'kubernetes.io/hostname': nodeName };
    await real.cluster.api.create('pods', { ...pod, spec: { ...rest, nodeSelector } });
  };
  const toldOf = async (name: string) =>
    (await podStatus(real.cluster, { name })).conditionOf(CONDITION_TYPE);

  const eventsOf = async (name: string): Promise<string[]> => {
    const jsonpath = '--output=jsonpath={.items[*].reason}';
    const about = `--field-selector=involvedObject.name=${name}`;
    return (await real.cluster.kubectl(['get', 'events', about, jsonpath])).split(' ');
  };

  test('a pod that starts before Multus is told so, and mended by what it is told', async () => {
    const putMultus = await takeMultus(node);
    await runChosen('missed', '172.16.1.140');
    await waitFor(real.cluster, { name: 'missed' }, 'ContainersReady');
    // By the forwarder's message alone: no sweep runs here.
    await until(async () => (await toldOf('missed'))?.reason === 'NotAttached', 'it to be told');
    await until(async () => (await eventsOf('missed')).includes('NotAttached'), 'its Event');

    const { container, conditionOf } = await podStatus(real.cluster, { name: 'missed' });
    const startedAt = Date.parse(container('app').running?.startedAt ?? '');
    const told = conditionOf(CONDITION_TYPE);
    const ms = Date.parse(told?.lastTransitionTime ?? '') - startedAt;
    console.log(`A pod that Multus missed: told ${ms} ms after its container started`);
    expect(told).toMatchObject({
      status: 'False',
      message: expect.stringMatching(/delete the pod/),
    });
    expect(told?.message).toContain('runs without default/chosen since ');

    await putMultus();
    await deletePod(real.cluster, { name: 'missed' });
    await runChosen('missed', '172.16.1.140');
    await waitFor(real.cluster, { name: 'missed' }, CONDITION_TYPE);
    expect(real.addressesOn(node, 1)).toContain('172.16.1.140');
    await deletePod(real.cluster, { name: 'missed' });
  });

  test('with the startup taint no pod starts there before Multus', async () => {
    const putMultus = await takeMultus(node);
    await real.cluster.kubectl(['taint', 'node', node.name, `${TAINT}=:NoSchedule`]);
    await applyStartupTaint();
    await runChosen('kept', '172.16.1.141');
    const isKept = async () => {
      const { conditionOf } = await podStatus(real.cluster, { name: 'kept' });
      return conditionOf('PodScheduled')?.reason === 'Unschedulable';
    };
    await until(isKept, 'the pod to be kept off the node');
    const waits = async () => (await initContainer(node)).running !== undefined;
    await until(waits, 'the DaemonSet’s pod to wait for Multus');
    expect(await taintsOf(node)).toContain(TAINT);

    await putMultus();
    await waitFor(real.cluster, { name: 'kept' }, CONDITION_TYPE);
    expect(await taintsOf(node)).toEqual([]);
    expect(real.addressesOn(node, 1)).toContain('172.16.1.141');
  });

  const applyStartupTaint = async (): Promise<void> => {
    const file = join(real.folder, 'deploy/startup-taint/kustomization.yaml');
    const [newName, newTag] = PRODUCT_IMAGE.split(/:(?=[^/]*$)/);
    const text = (await readFile(file, 'utf8'))
      .replace(/newName: .*/, `newName: ${newName}`)
      .replace(/newTag: .*/, `newTag: '${newTag}'`);
    await writeFile(file, text);
    await real.apply('startup-taint');
  };
  const podOn = async ({ name }: RealNode): Promise<string> => {
    const jsonpath = `{.items[?(@.spec.nodeName=="${name}")].metadata.name}`;
    const label = `--selector=app.kubernetes.io/name=${NAME}`;
    return real.cluster.kubectl(['get', 'pods', IN_SYSTEM, label, `--output=jsonpath=${jsonpath}`]);
  };
  const initContainer = async (on: RealNode) => {
    const name = await podOn(on);
    if (name === '') return {};
    return (await podStatus(real.cluster, { namespace: 'kube-system', name })).container('untaint');
  };
});
