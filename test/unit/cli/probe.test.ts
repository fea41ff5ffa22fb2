import { describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { probePod } from '../../../cli/probe/pod.ts';
import type { KubeObject } from '../../../sandbox/kubernetes/object.ts';
import { FIELD_MANAGER } from '../../../shared/cluster/events.ts';
import { ORDER_ANNOTATION, PROBE_LABEL, probeOrder } from '../../../shared/probe.ts';
import { ipvlan, NET_1 } from '../../support/networks.ts';
import { eventually } from '../../support/wait.ts';
import { type OperatorBed, operatorBed, tooWide } from './operator-bed.ts';

const IMAGE = ['--image', 'registry.example.com/multus-eni-reconciler:1'];
const IPS = ['--ips', '172.16.1.70/24,172.16.1.71/24'];
const PROBE = ['probe', '--network', 'default/net-1', ...IMAGE, ...IPS];
const GATEWAY = '172.16.1.1';

const kubernetesOf = ({ bed }: OperatorBed) => bed.world.cluster.kubernetes;
const probePodsIn = (bed: OperatorBed): readonly KubeObject[] =>
  kubernetesOf(bed)
    .objects.list('pods')
    .filter(({ metadata }) => metadata.labels?.[PROBE_LABEL] !== undefined);

/** Nothing runs containers here: each pod reports, once it has its order, what `around` says it sees. */
function playPods(bed: OperatorBed, around: (node: string) => object = () => ({})): void {
  const { store, logs } = kubernetesOf(bed);
  const told = new Map<string, string>();
  const stop = store.onChange(() => {
    for (const { metadata, spec } of probePodsIn(bed)) {
      const text = metadata.annotations?.[ORDER_ANNOTATION];
      if (text === undefined || told.get(metadata.uid) === text) continue;
      told.set(metadata.uid, text);
      const order = probeOrder.parse(JSON.parse(text));
      const count = order.peer === undefined ? 0 : 1;
      const report = {
        run: order.run,
        link: { up: true, state: 'up', mtu: 1500 },
        reversePath: { mode: 0, dropped: 0 },
        duplicates: [],
        leaves: { gateway: order.interface, peer: order.interface, beyond: order.interface },
        gateway: { answered: order.gateway === GATEWAY ? 1 : 0 },
        peer: { answered: count, pinged: count, received: count },
        ...(count > 0 && { longest: { tried: 1500, passed: 1500, done: true } }),
        ...around(String(spec?.nodeName)),
      };
      logs.write(metadata.uid, JSON.stringify(report));
    }
  });
  onTestFinished(stop);
}

/** Two workers with a network, and the product that serves them. */
async function probeBed(): Promise<OperatorBed> {
  const bed = await operatorBed();
  await bed.cluster.applyNetwork(NET_1);
  await bed.bed.startForwarder();
  bed.bed.startDelivery();
  return bed;
}

const answer = z.object({
  rows: z.array(z.object({ check: z.string(), result: z.string(), code: z.string().optional() })),
});

test('a network of which all is well is said to be, by two pods that are removed', async () => {
  const bed = await probeBed();
  playPods(bed);
  const { code, stdout, stderr } = await bed.operate(PROBE);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('default/net-1: 18 checks, and nothing is wrong.');
  expect(stdout).toMatch(/ok +address +172\.16\.1\.7\d on net1, assigned \d/);
  expect(tooWide(stdout)).toEqual([]);
  expect(probePodsIn(bed)).toEqual([]);
});

test('the gateway is the subnet’s, also if the master does not say which ENI it is', async () => {
  const bed = await probeBed();
  const { annotations } = NET_1;
  await bed.cluster.applyNetwork(ipvlan('vague', 'ens6', { type: 'static' }, { annotations }));
  playPods(bed);
  const line = ['probe', '--network', 'vague', ...IMAGE, ...IPS, '--timeout', '2', '--json'];
  const { stdout } = await bed.operate(line);
  // The sandbox's workers call it eth1, as their CNI plugins say.
  expect(JSON.parse(stdout)).toMatchObject({ gateway: GATEWAY });
  expect(stdout).toContain('failed to lookup master');
});

test('of Events about a pod the one is told that says what is wrong', async () => {
  const bed = await probeBed();
  await bed.cluster.applyNetwork(ipvlan('vague', 'ens6', { type: 'static' }));
  const { objects, store } = kubernetesOf(bed);
  const warned = new Set<string>();
  const stop = store.onChange(() => {
    for (const { metadata } of probePodsIn(bed)) {
      const { namespace, name, uid } = metadata;
      if (warned.has(uid)) continue;
      warned.add(uid);
      const warn = (event: string, warning: object) =>
        objects.create('events', {
          metadata: { name: `${name}.${event}`, namespace },
          involvedObject: { kind: 'Pod', namespace, name, uid },
          type: 'Warning',
          lastTimestamp: '2099-01-01T00:00:00Z',
          ...warning,
        });
      // As the kubelet adds it to each Event about an image.
      warn('1', { reason: 'Failed', message: 'Error: ErrImagePull' });
      // As the reconciler tells of an address before the pod's container has started.
      const reportingComponent = FIELD_MANAGER;
      warn('2', { reason: 'IPAssignmentFailed', message: 'its ENI is full', reportingComponent });
    }
  });
  onTestFinished(stop);
  const line = ['probe', '--network', 'vague', ...IMAGE, ...IPS, '--timeout', '2', '--json'];
  const { stdout } = await bed.operate(line);
  expect(stdout).toContain('failed to lookup master');
  expect(stdout).not.toMatch(/ErrImagePull|IPAssignmentFailed/);
});

test('what fails is told with what it means and what to do, and as JSON', async () => {
  const bed = await probeBed();
  const down = { link: { up: false, state: 'lowerlayerdown', mtu: 1500 } };
  playPods(bed, (node) => (node === bed.workers[0]?.name ? down : {}));
  const wide = await bed.operate([...PROBE, '--timeout', '2']);
  expect(wide.code).toBe(4);
  expect(wide.stdout).toContain('FAILED   link         net1 has no carrier (operstate');
  expect(wide.stdout.replaceAll(/\s+/g, ' ')).toContain('fix Bring it up on the node');
  expect(tooWide(wide.stdout)).toEqual([]);
  const { code, stdout } = await bed.operate([...PROBE, '--timeout', '2', '--json']);
  expect(code).toBe(4);
  const failed = answer.parse(JSON.parse(stdout)).rows.filter(({ result }) => result !== 'ok');
  expect(failed).toEqual([{ check: 'link', result: 'failed', code: 'link-down' }]);
  expect(probePodsIn(bed)).toEqual([]);
});

test('the image is the one that the forwarder runs, unless another is named', async () => {
  const bed = await probeBed();
  const without = ['probe', '--network', 'net-1', ...IPS];
  const none = await bed.operate(without);
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('give --image') });
  const labels = { 'app.kubernetes.io/name': 'multus-eni-forwarder' };
  const image = 'registry.example.com/the-forwarders:1';
  const { objects } = kubernetesOf(bed);
  objects.create('pods', {
    metadata: { name: 'forwarder', namespace: 'kube-system', labels },
    spec: { nodeName: bed.workers[0]?.name, containers: [{ name: 'forwarder', image }] },
  });
  playPods(bed);
  let used = '';
  const stop = kubernetesOf(bed).store.onChange(() => {
    const [pod] = probePodsIn(bed);
    if (pod !== undefined) used = JSON.stringify(pod.spec);
  });
  onTestFinished(stop);
  expect(await bed.operate(without)).toMatchObject({ code: 0 });
  expect(used).toContain(image);
});

test('nothing is written but pods of its own', async () => {
  // Without the product, of which nothing is written either.
  const bed = await operatorBed();
  await bed.cluster.applyNetwork(NET_1);
  playPods(bed);
  kubernetesOf(bed).forgetCalls();
  expect(await bed.operate([...PROBE, '--timeout', '1'])).toMatchObject({ code: 4 });
  const written = kubernetesOf(bed)
    .calls.filter(({ verb }) => !['get', 'list', 'watch'].includes(verb))
    .map(({ verb, resource, name = '' }) => `${verb} ${resource} ${name}`);
  expect(written.filter((call) => call === 'create pods ')).toHaveLength(3);
  for (const call of written) {
    expect(call).toMatch(/^(create pods |(delete|patch) pods multus-eni-probe-[\w-]+)$/);
  }
});

test('the pods may nothing, and have no token', () => {
  const pod = { run: 'r', name: 'p', namespace: 'n', network: 'x', node: 'a', image: 'i' };
  // https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
  expect(probePod({ ...pod, seconds: 90 })).toMatchObject({
    spec: {
      automountServiceAccountToken: false,
      activeDeadlineSeconds: 150,
      securityContext: {
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
        sysctls: [{ name: 'net.ipv4.ping_group_range' }],
      },
      containers: [
        {
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    },
  });
});

describe('is refused, with what is wrong, and makes nothing', () => {
  test.each([
    [['--network', 'default/none'], 'has no NetworkAttachmentDefinition default/none: it has def'],
    [['--network', 'a/b/c'], 'a/b/c is no network: give NAMESPACE/NAME'],
    [['--network', 'net-1', '--ips', '172.16.1.70'], 'give two addresses with their prefix length'],
    [['--network', 'net-1', '--gateway', 'x'], 'give an address, such as 172.16.1.1'],
    [['--network', 'net-1', '--timeout', '0'], 'give a number from 1 to 3600'],
    [['--network', 'net-1'], 'leaves its addresses to the pods: give two with --ips'],
    [['--network', 'net-1', ...IPS, '--nodes', 'a'], 'give two nodes, such as --nodes a,b'],
    [['--network', 'net-1', ...IPS, '--nodes', 'a,b'], 'has no node a: it has ip-'],
    [['--network', 'far', ...IPS], 'two nodes are needed that are ready'],
    [[], "required option '--network <network>' not specified"],
  ])('%j', async (args, says) => {
    const bed = await operatorBed();
    await bed.cluster.applyNetwork(NET_1);
    await bed.cluster.applyNetwork(ipvlan('far', 'eth7', { type: 'static' }));
    const { code, stderr } = await bed.operate(['probe', ...args, ...IMAGE]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(says) });
    const made = kubernetesOf(bed).calls.filter(({ verb }) => verb === 'create');
    expect(made).toEqual([]);
  });

  test.each([
    ['create', 'pods', 'pods'],
    ['delete', 'pods', 'pods'],
    ['patch', 'pods', 'pods'],
    ['get', 'pods/log', 'pods/log'],
  ])('for want of the right to %s %s', async (verb, resource) => {
    const bed = await operatorBed();
    await bed.cluster.applyNetwork(NET_1);
    kubernetesOf(bed).faults.failNext(
      100,
      (call) => call.verb === verb && call.resource === resource,
      403,
    );
    const { code, stderr } = await bed.operate(PROBE);
    expect(code).toBe(1);
    expect(stderr).toContain('nothing was made, as this is refused in namespace default');
    expect(stderr).toContain('docs/reference/probe.md');
    expect(probePodsIn(bed)).toEqual([]);
  });
});

describe('leaves nothing behind', () => {
  test('where the operator has had enough', async () => {
    const bed = await probeBed();
    const ending = new AbortController();
    const running = bed.operate(PROBE, { interrupted: () => ending.signal });
    await eventually(() => probePodsIn(bed).length).toBe(2);
    ending.abort();
    expect(await running).toMatchObject({ code: 130 });
    expect(probePodsIn(bed)).toEqual([]);
  });

  test.each([
    ['that the second pod is made with', 'create'],
    ['by which the pods are followed', 'watch'],
  ] as const)('where the request is refused %s', async (_, verb) => {
    const bed = await probeBed();
    let asked = 0;
    // The first creation is a dry run, and the second is the first pod's.
    const isIt = (call: { verb: string; resource: string; user: string }) =>
      call.verb === verb && call.resource === 'pods' && (verb === 'watch' || ++asked > 2);
    kubernetesOf(bed).faults.failNext(100, isIt, 403);
    expect(await bed.operate(PROBE)).toMatchObject({ code: 1 });
    expect(probePodsIn(bed)).toEqual([]);
  });

  test('that a run which was killed had left', async () => {
    const bed = await probeBed();
    kubernetesOf(bed).objects.create('pods', {
      metadata: { name: 'multus-eni-probe-0-a', labels: { [PROBE_LABEL]: '0' } },
      spec: { nodeName: bed.workers[0]?.name, containers: [{ name: 'probe', image: 'x' }] },
    });
    playPods(bed);
    const { code, stderr } = await bed.operate(PROBE);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'removed 1 pod that an earlier probe had left\n',
    });
    expect(probePodsIn(bed)).toEqual([]);
  });

  test('of which it could not remove a pod without saying so, and how', async () => {
    const bed = await probeBed();
    playPods(bed);
    // The first is of a pod that there is not: it asks for the right.
    let asked = 0;
    const isIt = (call: { verb: string; resource: string }) =>
      call.verb === 'delete' && call.resource === 'pods' && ++asked > 1;
    kubernetesOf(bed).faults.failNext(100, isIt, 500);
    const { code, stderr } = await bed.operate(PROBE);
    expect(code).toBe(1);
    expect(stderr).toContain('kubectl delete pods -n default -l multus-eni.dev/probe');
  });
});
