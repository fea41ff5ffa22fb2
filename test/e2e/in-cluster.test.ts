import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { CONDITION_TYPE } from '../../shared/cluster/kubernetes.ts';
import { timeoutOption } from '../support/machine.ts';
import { eventually } from '../support/wait.ts';
import type { RealNode } from './cluster/node.ts';
import { until } from './cluster/processes.ts';
import { FORWARDER, NAMESPACE } from './cluster/product-access.ts';
import { APP_IMAGE } from './parts/images.ts';
import { nodeObstacles } from './parts/preconditions.ts';
import { program } from './parts/programs.ts';
import { type InClusterBed, startInClusterBed } from './support/in-cluster-bed.ts';
import { deletePod, podStatus, waitFor } from './support/pods.ts';
import { applySampleNetworks, CHOSEN_NETWORK, quietPod } from './support/samples.ts';

const GATEWAY = '172.16.1.1';
const lease = z.object({ spec: z.object({ holderIdentity: z.string() }) });
const obstacles = await nodeObstacles();

/* The product as operators deploy it, from one test to the next. */
describe.skipIf(obstacles.length > 0)('in a cluster of two nodes', () => {
  let real: InClusterBed;
  beforeAll(async () => {
    real = await startInClusterBed();
    await applySampleNetworks(real.cluster);
    await real.cluster.api.create('network-attachment-definitions', CHOSEN_NETWORK);
  });
  afterAll(() => real?.stop());

  const create = (pod: object) => real.cluster.api.create('pods', pod);
  const inNamespace = (...args: string[]) =>
    real.cluster.kubectl([`--namespace=${NAMESPACE}`, ...args]);
  const placesOfForwarders = async (): Promise<string[]> => {
    const jsonpath =
      '{range .items[?(@.status.phase=="Running")]}{.metadata.name} {.spec.nodeName}{"\\n"}{end}';
    const said = await inNamespace('get', 'pods', `--output=jsonpath=${jsonpath}`);
    return said.trim().split('\n');
  };
  const leader = async (): Promise<string> => {
    const ref = { namespace: NAMESPACE, name: FORWARDER };
    const { holderIdentity } = lease.parse(await real.cluster.api.find('leases', ref)).spec;
    return holderIdentity.replace(/_.*/, '');
  };
  const nodeOf = async (name: string) => {
    const { spec } = await podStatus(real.cluster, { namespace: NAMESPACE, name });
    const node = real.nodes.find((each) => each.name === spec.nodeName);
    if (node === undefined) throw new Error(`${name} is on no node`);
    return node;
  };
  const otherThan = (node: RealNode) => (real.nodes[0] === node ? 1 : 0);
  const runChosen = (name: string, index: 0 | 1, address: string) =>
    create(quietPod(name, real.nodes[index], [{ name: 'chosen', ips: [`${address}/24`] }]));
  const assigned = () => real.nodes.flatMap((node) => real.addressesOn(node, 1)).sort();
  const pingGateway = async (name: string) => {
    await until(() => real.cluster.sandboxRuns({ name }), `the sandbox of ${name}`);
    return (await real.cluster.ping({ name }, GATEWAY)).received;
  };

  test('the forwarder runs as its Deployment, a replica on each node, with no rights on it', async () => {
    expect(await real.apply('overlays/demo')).toContain(`deployment.apps/${FORWARDER} created`);
    await inNamespace('rollout', 'status', `deployment/${FORWARDER}`, timeoutOption(120));
    real.startDelivery();

    const places = (await placesOfForwarders()).map((line) => line.split(' '));
    expect(places.map(([, node]) => node).sort()).toEqual(
      real.nodes.map(({ name }) => name).sort(),
    );
    const [[pod = ''] = []] = places;
    const look =
      'const fs = require("node:fs"); console.log(fs.readFileSync("/proc/1/status", "utf8"));' +
      'try { fs.writeFileSync("/app/x", "") } catch ({ code }) { console.log(code) }';
    const said = await inNamespace('exec', pod, '--', 'node', '-e', look);
    expect(said).toMatch(/^Uid:\t1000\t1000/m);
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
      expect(said).toMatch(new RegExp(`^${set}:\t0{16}$`, 'm'));
    }
    expect(said).toMatch(/^NoNewPrivs:\t1$/m);
    expect(said).toMatch(/^Seccomp:\t2$/m);
    expect(said).toContain('EROFS');
  });

  test('its namespace lets in nothing that asks for more', async () => {
    const run = ['run', 'more', `--image=${APP_IMAGE}`, '--dry-run=server'];
    await expect(inNamespace(...run)).rejects.toThrow(/violates PodSecurity "restricted:/);
  });

  test('the guide’s pod gets its address, is answered, and gives it back', async () => {
    await real.apply('samples/sampleapp.yaml');
    await waitFor(real.cluster, { name: 'sampleapp' }, CONDITION_TYPE);
    expect(assigned()).toEqual(['172.16.1.70']);
    expect(await pingGateway('sampleapp')).toBe(3);

    await deletePod(real.cluster, { name: 'sampleapp' });
    await eventually(assigned).toEqual([]);
  });

  test('with `wait`, the application starts only once its address is on the ENI', async () => {
    await real.apply('ip-manager-rbac');
    await real.pauseDelivery();
    await real.apply('samples/sampleapp-wait.yaml');
    const status = () => podStatus(real.cluster, { name: 'sampleapp' });
    const waits = async () => (await status()).container('wait').running !== undefined;
    await until(waits, 'the init container to run');
    expect((await status()).container('sampleapp').waiting?.reason).toBe('PodInitializing');
    expect(assigned()).toEqual([]);

    real.startDelivery();
    await waitFor(real.cluster, { name: 'sampleapp' }, 'Ready');
    const { container, conditionOf } = await status();
    const since = Date.parse(conditionOf(CONDITION_TYPE)?.lastTransitionTime ?? '');
    expect(Date.parse(container('sampleapp').running?.startedAt ?? '')).toBeGreaterThanOrEqual(
      since,
    );
    expect(container('wait').terminated).toMatchObject({ exitCode: 0 });
    expect(await pingGateway('sampleapp')).toBe(3);
    await deletePod(real.cluster, { name: 'sampleapp' });
    await eventually(assigned).toEqual([]);
  });

  test('a pod of a labelled namespace gets the readiness gate and waits, another does not', async () => {
    await real.apply('readiness-gate');
    const { api } = real.cluster;
    for (const name of ['gated', 'plain']) {
      await api.create('namespaces', { metadata: { name } });
      const account = () => api.find('serviceaccounts', { namespace: name, name: 'default' });
      await eventually(account).toBeDefined();
    }
    const label = ['label', 'namespace', 'gated', 'multus-eni.dev/readiness-gate=enabled'];
    await real.cluster.kubectl(label);
    const podIn = (namespace: string, address: string) => {
      const networks = [{ name: 'chosen', namespace: 'default', ips: [`${address}/24`] }];
      const { metadata, ...pod } = quietPod('app', real.nodes[0], networks);
      return { ...pod, metadata: { ...metadata, namespace } };
    };
    const gated = podIn('gated', '172.16.1.150');
    // The API server takes a moment to apply a new policy.
    const input = JSON.stringify(gated);
    const dryRun = ['create', '-f', '-', '--dry-run=server', '--output=json'];
    const policyApplies = async () =>
      (await real.cluster.kubectl(dryRun, { input })).includes(CONDITION_TYPE);
    await until(policyApplies, 'the policy to be applied');

    await real.pauseDelivery();
    await create(gated);
    await create(podIn('plain', '172.16.1.151'));
    const status = (namespace: string) => podStatus(real.cluster, { namespace, name: 'app' });
    await waitFor(real.cluster, { namespace: 'plain', name: 'app' }, 'Ready');
    expect((await status('plain')).spec.readinessGates).toEqual([]);
    const containersReady = async () =>
      (await status('gated')).conditionOf('ContainersReady')?.status === 'True';
    await until(containersReady, 'the containers of the gated pod');
    expect((await status('gated')).spec.readinessGates).toEqual([
      { conditionType: CONDITION_TYPE },
    ]);
    expect((await status('gated')).conditionOf('Ready')).toMatchObject({
      status: 'False',
      reason: 'ReadinessGatesNotReady',
    });

    real.startDelivery();
    await waitFor(real.cluster, { namespace: 'gated', name: 'app' }, 'Ready');
    expect(assigned()).toEqual(['172.16.1.150', '172.16.1.151']);
    for (const namespace of ['gated', 'plain']) {
      await deletePod(real.cluster, { namespace, name: 'app' });
    }
    await eventually(assigned).toEqual([]);
  });

  test('the leader’s pod is deleted: the other goes on, and nothing is lost', async () => {
    await runChosen('before-1', 0, '172.16.1.160');
    await runChosen('before-2', 1, '172.16.1.161');
    await eventually(assigned).toEqual(['172.16.1.160', '172.16.1.161']);

    const old = await leader();
    await Promise.all([
      inNamespace('delete', 'pod', old, '--wait=false'),
      runChosen('during-1', 0, '172.16.1.162'),
      runChosen('during-2', 1, '172.16.1.163'),
      deletePod(real.cluster, { name: 'before-1' }),
    ]);

    await until(async () => (await leader()) !== old, 'another leader');
    await until(
      () => assigned().join() === '172.16.1.161,172.16.1.162,172.16.1.163',
      'what happened meanwhile to be done',
    );
    await inNamespace('rollout', 'status', `deployment/${FORWARDER}`, timeoutOption(120));
  });

  test('the kubelet of the leader’s node stops: the leader goes on', async () => {
    const old = await leader();
    const node = await nodeOf(old);
    await node.kubelet.kill();
    await runChosen('unwatched', otherThan(node), '172.16.1.165');
    await until(() => assigned().includes('172.16.1.165'), 'the address of a pod elsewhere');
    expect(await leader()).toBe(old);
  });

  test('the leader itself ends there: the replica on the other node goes on, and nothing is lost', async () => {
    const old = await leader();
    const node = await nodeOf(old);
    const other = otherThan(node);
    // With its kubelet running it would be started again.
    const ctr = [program('ctr'), '--namespace=k8s.io'];
    const of = `labels."io.kubernetes.pod.name"==${old},labels."io.kubernetes.container.name"==forwarder`;
    const containers = await node.run([...ctr, 'containers', 'ls', '--quiet', of]);
    // One that was started again has the container before it beside it.
    const running = (await node.run([...ctr, 'tasks', 'ls', '--quiet'])).split('\n');
    const [container = 'none'] = containers.split('\n').filter((id) => running.includes(id));
    await node.run([...ctr, 'tasks', 'kill', '--signal=SIGKILL', container]);

    await runChosen('orphaned', other, '172.16.1.164');
    await until(async () => (await leader()) !== old, 'the Lease to run out');
    expect(await nodeOf(await leader())).toBe(real.nodes[other]);
    await until(() => assigned().includes('172.16.1.164'), 'what happened meanwhile to be done');
    expect(await pingGateway('orphaned')).toBe(3);
    // The node's pods live on, and nobody takes what they claim.
    expect(assigned()).toEqual([161, 162, 163, 164, 165].map((host) => `172.16.1.${host}`));
  });
});
