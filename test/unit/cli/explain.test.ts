import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SECTIONS } from '../../../cli/explain/derivation.ts';
import { FLOATING_IPS } from '../../../shared/cluster/annotations.ts';
import { HOST_LOCAL, LOOSE, NET_1 } from '../../support/networks.ts';
import { eventually } from '../../support/wait.ts';
import { operatorBed, tooWide } from './operator-bed.ts';

const X = '172.16.1.70';
const on = (network: typeof NET_1) => [{ network, ips: [X] }];

/** The lines of a derivation, with spaces as they come from wrapping taken out. */
const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');

async function withTwoClaimants() {
  const operator = await operatorBed();
  const { cluster, workers, bed } = operator;
  const [a, b] = workers;
  if (a === undefined || b === undefined) throw new Error('two workers');
  await cluster.applyNetwork(HOST_LOCAL);
  await bed.startForwarder();
  bed.startDelivery();
  const first = await cluster.runPod('first', { on: a, networks: [{ network: HOST_LOCAL }] });
  await eventually(() => cluster.conditionOf(first)).toMatchObject({ status: 'True' });
  const second = await cluster.runPod('second', { on: b, networks: [{ network: HOST_LOCAL }] });
  await eventually(() => cluster.conditionOf(second)).toMatchObject({ reason: 'Conflict' });
  return { ...operator, a, b };
}

describe('explain pod', () => {
  test('derives from the claim that an address is where it belongs, in six calls', async () => {
    const { operate, a } = await withTwoClaimants();
    const { code, stdout, stderr } = await operate(['explain', 'pod', 'default/first']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(flat(stdout)).toContain(
      'What a pod claims network-status gives it to net1, of default/ipvlan-conf-1',
    );
    expect(flat(stdout)).toMatch(
      new RegExp(`Which ENI 1: [0-9a-f:]+ is the MAC of ${a.eth1} \\(eth1\\)`),
    );
    expect(flat(stdout)).toContain(`So keep: ${X} is on ${a.eth1}.`);
    expect(stdout).toContain(`Its condition says True, Assigned: assigned: ${X} on ${a.eth1}`);
    expect(tooWide(stdout)).toEqual([]);
    const { calls } = JSON.parse((await operate(['explain', 'pod', 'first', '--json'])).stdout);
    expect(calls).toBe(6);
  });

  test('names both pods of a conflict, both claims, and what to change, in six calls', async () => {
    const { operate, a, b } = await withTwoClaimants();
    const { code, stdout } = await operate(['explain', 'pod', 'default/second']);
    expect(code).toBe(4);
    const text = flat(stdout);
    expect(text).toContain(`default/second, made`);
    expect(text).toContain(`network-status gives it to net1, of default/ipvlan-conf-1`);
    expect(text).toContain(`When two claim one ${X} is on ${a.eth1} (eth1) of node ${a.name}.`);
    expect(text).toContain('default/first holds it: network-status gives it to net1, of');
    expect(text).toContain('It keeps it: it does not terminate, and this is no floating claim.');
    expect(text).toContain(`So conflict: held by pod default/first on node ${a.name} (${a.eth1})`);
    expect(text).toContain('Give each node a range of its own');
    expect(tooWide(stdout)).toEqual([]);
    const { calls, claims, node } = JSON.parse(
      (await operate(['explain', 'pod', 'second', '--json'])).stdout,
    );
    expect(calls).toBe(6);
    expect(node).toBe(b.name);
    expect(claims).toMatchObject([{ address: X, conclusion: { kind: 'conflict', fine: false } }]);
  });

  test('sends the requests that it says: six, and two more for an address that is on no ENI', async () => {
    const { operate, cluster, cloud, bed, workers } = await operatorBed();
    const [a] = workers;
    if (a === undefined) throw new Error('a worker');
    await cluster.applyNetwork(NET_1);
    const sentFor = async (name: string, ip: string) => {
      const pod = await cluster.runPod(name, { on: a, networks: [{ network: NET_1, ips: [ip] }] });
      await eventually(() => cluster.attachedTo(pod)).toEqual([ip]);
      const { ec2, cluster: world } = bed.world;
      const before = ec2.calls.all().length;
      world.kubernetes.forgetCalls();
      const { stdout } = await operate(['explain', 'pod', name, '--json']);
      const sent = ec2.calls.all().length - before + world.kubernetes.calls.length;
      return { said: JSON.parse(stdout).calls, sent };
    };
    await cloud.assign(a.eth1, [X]);
    expect(await sentFor('has-it', X)).toEqual({ said: 6, sent: 6 });
    expect(await sentFor('lacks-it', '172.16.1.71')).toEqual({ said: 8, sent: 8 });
  });

  test('says of a pod without network-status that Multus has not written it, and since when', async () => {
    const { operate, cluster, workers, bed } = await operatorBed();
    const [a] = workers;
    if (a === undefined) throw new Error('a worker');
    await cluster.applyNetwork(NET_1);
    await cluster.stopKubelet(a);
    await cluster.runPod('waits', { on: a, networks: on(NET_1) });
    bed.world.cluster.kubernetes.objects.patch(
      'pods',
      { namespace: 'default', name: 'waits' },
      {
        status: {
          conditions: [
            {
              type: 'PodScheduled',
              status: 'True',
              lastTransitionTime: new Date(Date.now() - 600_000).toISOString(),
            },
          ],
        },
      },
      { subresource: 'status' },
    );
    const { stdout } = await operate(['explain', 'pod', 'waits']);
    expect(flat(stdout)).toMatch(
      /Multus has not written k8s\.v1\.cni\.cncf\.io\/network-status yet, since \S+ \(10 min ago\)/,
    );
    const { calls } = JSON.parse((await operate(['explain', 'pod', 'waits', '--json'])).stdout);
    expect(calls).toBe(6);
  });

  test('concludes what the next reconcile then does', async () => {
    const { operate, cluster, workers, cloud, bed } = await operatorBed();
    const [a] = workers;
    if (a === undefined) throw new Error('a worker');
    await cluster.applyNetwork(NET_1);
    await cluster.runPod('app', { on: a, networks: on(NET_1) });
    await eventually(async () => (await operate(['explain', 'pod', 'app'])).stdout).toContain(
      `assign: ${X} to ${a.eth1}.`,
    );
    await bed.startForwarder();
    bed.startDelivery();
    await eventually(() => cloud.shownOn(a.eth1)).toEqual([X]);
    expect((await operate(['explain', 'pod', 'app'])).stdout).toContain(
      `keep: ${X} is on ${a.eth1}`,
    );
  });

  test('names the tag that an ENI lacks', async () => {
    const { operate, cluster } = await operatorBed(0);
    const a = await cluster.addWorker({ eth1Tagged: false });
    await cluster.applyNetwork(NET_1);
    await cluster.runPod('app', { on: a, networks: on(NET_1) });
    await eventually(async () => flat((await operate(['explain', 'pod', 'app'])).stdout)).toContain(
      `So eni-untagged: its ENI ${a.eth1} is not managed. Tag it node.k8s.amazonaws.com/no_manage=true.`,
    );
  });

  test('says when a floating claim began, and that it is in no range', async () => {
    const { operate, cluster, workers } = await operatorBed();
    const [a] = workers;
    if (a === undefined) throw new Error('a worker');
    await cluster.applyNetwork(LOOSE);
    const annotations = { [FLOATING_IPS]: '[{"ip":"172.16.1.90","since":"2026-01-01T00:00:00Z"}]' };
    await cluster.runPod('app', { on: a, networks: on(LOOSE), annotations });
    await eventually(async () => flat((await operate(['explain', 'pod', 'app'])).stdout)).toContain(
      'multus-eni.dev/floating-ips names it, since 2026-01-01T00:00:00Z.',
    );
    const { stdout } = await operate(['explain', 'pod', 'app']);
    expect(flat(stdout)).toContain(
      'So floating-outside-ranges: a floating address that lies in no range',
    );
  });

  test('is harmless if a pod says hostile things', async () => {
    const { operate, cluster, workers } = await operatorBed();
    const [a] = workers;
    if (a === undefined) throw new Error('a worker');
    const hostile = `\u001b[2J\u001b]0;owned\u0007<script>\u202e${'A'.repeat(100_000)}`;
    await cluster.runPod('app', { on: a, annotations: { [FLOATING_IPS]: hostile } });
    const { stdout } = await operate(['explain', 'pod', 'app']);
    expect(stdout).toMatch(/cannot be read/);
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(stdout.length).toBeLessThan(10_000);
    expect(tooWide(stdout)).toEqual([]);
  });
});

describe('explain ip', () => {
  test('says who has and who claims an address, and derives it for each', async () => {
    const { operate, a, b } = await withTwoClaimants();
    const { code, stdout } = await operate(['explain', 'ip', X]);
    expect(code).toBe(4);
    expect(flat(stdout)).toContain(
      `${X} is a secondary address of ${a.eth1} (eth1) of node ${a.name}.`,
    );
    expect(flat(stdout)).toContain('2 pods claim it; of these 1 does not have it.');
    expect(stdout).toContain(`claimed by default/first on node ${a.name}`);
    expect(stdout).toContain(`claimed by default/second on node ${b.name}`);
  });

  test.each([
    ['172.16.1.100', 4, 'leaked: nobody claims it, and the ENILedger has it'],
    ['172.16.1.200', 4, 'foreign: claimed by nobody, in no ENILedger'],
    ['172.16.1.201', 0, 'free: nobody has or claims it.'],
  ])('says of %s whose it is to release', async (address, code, text) => {
    const { operate, cluster, workers, cloud } = await operatorBed();
    const [a] = workers;
    await cluster.applyNetwork(NET_1);
    await cloud.assign(a?.eth1 ?? '', ['172.16.1.100', '172.16.1.200']);
    await operate(['ledger', 'adopt', a?.eth1 ?? '', '172.16.1.100']);
    const ended = await operate(['explain', 'ip', address]);
    expect(flat(ended.stdout)).toContain(text);
    expect(ended.code).toBe(code);
  });

  test('knows a primary address, and one that an ENI of nobody has', async () => {
    const { operate, bed, workers } = await operatorBed();
    const [a] = workers;
    const { primary } = bed.world.ec2.eni(a?.eth1 ?? '');
    const { stdout } = await operate(['explain', 'ip', primary]);
    expect(flat(stdout)).toContain(`${primary} is the primary address of ${a?.eth1}`);
  });
});

describe('explain eni and explain node', () => {
  test('show the addresses, what each is, and the room', async () => {
    const { operate, a } = await withTwoClaimants();
    const eni = await operate(['explain', 'eni', a.eth1]);
    expect(eni.code).toBe(0);
    expect(eni.stdout).toContain('2 of 10 IPv4 addresses');
    expect(eni.stdout).toMatch(new RegExp(`${X} +default/first: assigned`));
    const node = await operate(['explain', 'node', a.name]);
    expect(node.stdout).toContain('a reconcile would change nothing.');
    expect(tooWide(eni.stdout + node.stdout)).toEqual([]);
  });
});

test('the sections that a derivation names are those of the design', () => {
  const design = readFileSync('docs/design.md', 'utf8');
  const headings = [...design.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => title);
  for (const section of Object.values(SECTIONS)) {
    expect(
      headings.some((title) => title.startsWith(section)),
      section,
    ).toBe(true);
  }
});
