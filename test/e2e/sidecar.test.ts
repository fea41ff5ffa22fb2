import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { timeoutOption } from '../support/machine.ts';
import { eventually } from '../support/wait.ts';
import type { RealNode } from './cluster/node.ts';
import { until } from './cluster/processes.ts';
import { PRODUCT_IMAGE } from './image/product-image.ts';
import { APP_IMAGE } from './parts/images.ts';
import { nodeObstacles } from './parts/preconditions.ts';
import { type InClusterBed, startInClusterBed } from './support/in-cluster-bed.ts';
import { CHOSEN_NETWORK, quietPod, runPod } from './support/samples.ts';

const FLOATING = '172.16.1.200';
const GATEWAY = '172.16.1.1';
const obstacles = await nodeObstacles();

interface Member {
  readonly name: string;
  readonly node: RealNode;
  /** That the pod has from the beginning. */
  readonly address: string;
}

/* An active pod and its standby, as keepalived has them, with the sidecar in both. */
describe.skipIf(obstacles.length > 0)('a floating address with the sidecar', () => {
  let real: InClusterBed;
  let active: Member;
  let standby: Member;

  beforeAll(async () => {
    real = await startInClusterBed();
    await real.cluster.api.create('network-attachment-definitions', CHOSEN_NETWORK);
    await real.apply('ip-manager-rbac');
    await real.apply('overlays/demo');
    real.startDelivery();
    active = { name: 'active', node: real.nodes[0], address: '172.16.1.130' };
    standby = { name: 'standby', node: real.nodes[1], address: '172.16.1.131' };
    for (const member of [active, standby]) await start(member);
    const rollout = ['rollout', 'status', 'deployment/multus-eni-forwarder'];
    const where = ['--namespace=multus-eni-reconciler', timeoutOption(120)];
    await real.cluster.kubectl([...rollout, ...where]);
    for (const member of [active, standby]) {
      await until(() => onEni(member).includes(member.address), `${member.name} to be served`);
    }
  });
  afterAll(() => real?.stop());

  const onEni = ({ node }: Member) => real.addressesOn(node, 1);

  /** The application may change its interfaces; the sidecar may nothing. */
  const start = async ({ name, node, address }: Member) => {
    const pod = quietPod(name, node, [{ name: 'chosen', ips: [`${address}/24`] }]);
    const app = {
      name: 'app',
      image: APP_IMAGE,
      command: ['sleep', '3600'],
      securityContext: { capabilities: { add: ['NET_ADMIN'] } },
    };
    const sidecar = {
      name: 'ip-manager',
      image: PRODUCT_IMAGE,
      args: ['/bin/sh', '-c', '/app/script.sh sidecar'],
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
        capabilities: { drop: ['ALL'] },
      },
    };
    const spec = { ...pod.spec, serviceAccountName: 'ip-manager', containers: [app, sidecar] };
    await runPod(real.cluster, { ...pod, spec });
  };
  /** ipvlan delivers to a pod what the pod has; the stand-in for it has to be told. */
  const routeOf = async ({ node, address }: Member, change: 'replace' | 'del') => {
    if (real.cluster.ipvlan === 'kernel') return;
    const route = await node.run(['ip', 'route', 'show', `${address}/32`]);
    const device = /dev (\S+)/.exec(route)?.[1] ?? '';
    await node.run(['ip', 'route', change, `${FLOATING}/32`, 'dev', device]);
  };
  /** @returns when it was done, in milliseconds since the epoch, by the clock of the pod's machine. */
  const change = async (member: Member, what: 'add' | 'del'): Promise<number> => {
    await routeOf(member, what === 'add' ? 'replace' : 'del');
    // kubectl ends a good while after its command.
    const script = `cat /proc/uptime; ip address ${what} ${FLOATING}/24 dev net1`;
    const exec = ['exec', member.name, '--container=app', '--', 'sh', '-c', script];
    const then = Number.parseFloat(await real.cluster.kubectl(exec));
    const now = Number.parseFloat(readFileSync('/proc/uptime', 'utf8'));
    return Date.now() - (now - then) * 1000;
  };
  const served = (member: Member) =>
    eventually(() => onEni(member)).toEqual([member.address, FLOATING]);
  /** Adds it to a pod, while nobody answers, until it is answered by the pod. */
  const add = async (member: Member, what: string): Promise<void> => {
    const answered = real.cluster.vpc?.firstAnswer(FLOATING);
    const addedAt = await change(member, 'add');
    await served(member);
    const ms = ((await answered) ?? Number.NaN) - addedAt;
    console.log(`${what}: answered ${ms.toFixed(0)} ms after the address was added`);
  };
  const pingFrom = async ({ name }: Member) => {
    const ping = ['ping', '-c', '3', '-W', '1', '-I', FLOATING, GATEWAY];
    return real.cluster.kubectl(['exec', name, '--container=app', '--', ...ping]);
  };

  test('that is added inside a running pod is on the ENI and answered', async () => {
    await add(active, 'A floating address');

    expect(await pingFrom(active)).toContain(' 0% packet loss');
  });

  test('moves to the standby on the other node when it is removed here and added there', async () => {
    await change(active, 'del');
    await add(standby, 'Moved to the standby');

    expect(onEni(active)).toEqual([active.address]);
    expect(await pingFrom(standby)).toContain(' 0% packet loss');
  });

  test('moves back', async () => {
    await change(standby, 'del');
    await add(active, 'Moved back');

    expect(onEni(standby)).toEqual([standby.address]);
    expect(await pingFrom(active)).toContain(' 0% packet loss');
  });

  test('that the active pod cannot remove any more is taken over by the standby that adds it', async () => {
    await change(standby, 'add');
    await served(standby);

    expect(onEni(active)).toEqual([active.address]);
    expect(await pingFrom(standby)).toContain(' 0% packet loss');
  });
});
