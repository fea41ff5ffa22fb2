import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateTagsCommand, DeleteTagsCommand } from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { CHECKS } from '../../../cli/doctor/checks/index.ts';
import { HOST_LOCAL, ipvlan, NET_1, NET_2, UNREADABLE } from '../../support/networks.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { codesAfter, codesIn, FITTING, ranged, reserve, withMultus } from './doctor-bed.ts';
import { type OperatorBed, operate, operatorBed } from './operator-bed.ts';

test('finds nothing if all is as it should be', async () => {
  const { stdout } = await codesAfter(async (bed) => {
    await bed.cluster.applyNetwork(FITTING);
    await reserve(bed, '172.16.1.64/26');
  });
  expect(stdout).toMatch(/demo: \d+ checks, and nothing is wrong\./);
});

test('finds a missing tag, says how to set it, and passes once it is set', async () => {
  const bed = await operatorBed(0);
  const worker = await bed.cluster.addWorker({ eth1Tagged: false });
  await withMultus({ ...bed, workers: [worker] });
  await bed.cluster.applyNetwork(FITTING);
  await reserve(bed, '172.16.1.64/26');
  const line = ['doctor', '--pre', '--cluster', 'demo'];
  const before = await bed.operate(line);
  expect(before.code).toBe(4);
  expect(codesIn(before.stdout)).toEqual(['ME101']);
  expect(before.stdout).toContain('node.k8s.amazonaws.com/no_manage=true');
  const Tags = [{ Key: 'node.k8s.amazonaws.com/no_manage', Value: 'true' }];
  await bed.bed.ec2.send(new CreateTagsCommand({ Resources: [worker.eth1], Tags }));
  const after = await bed.operate(line);
  expect({ code: after.code, codes: codesIn(after.stdout) }).toEqual({ code: 0, codes: [] });
});

describe('finds', () => {
  test.each<[string, string, (bed: OperatorBed) => Promise<unknown>]>([
    [
      'ME104',
      'no node has an ENI at device index 5',
      ({ cluster }) => cluster.applyNetwork(ranged('far', 'eth5', ['172.16.1.64/26'])),
    ],
    [
      'ME105',
      'names no device index',
      ({ cluster }) => cluster.applyNetwork(ranged('vague', 'ens6', ['172.16.1.64/26'], 'macvlan')),
    ],
    [
      'ME201',
      'gives out 10.0.0.0-10.0.0.255, and eth1 is in 172.16.1.0/24',
      ({ cluster }) => cluster.applyNetwork(ranged('out', 'eth1', ['10.0.0.0/24'])),
    ],
    [
      'ME202',
      'with addresses that AWS keeps in subnet-',
      ({ cluster }) => cluster.applyNetwork(ranged('kept', 'eth1', ['172.16.1.250-172.16.1.255'])),
    ],
    [
      'ME203',
      'the primary address of eni-',
      ({ cluster }) => cluster.applyNetwork(ranged('own', 'eth1', ['172.16.1.4-172.16.1.20'])),
    ],
    [
      'ME204',
      'overlap, on eth1 and eth2',
      async ({ cluster }) => {
        await cluster.applyNetwork(NET_1);
        await cluster.applyNetwork(NET_2);
        await cluster.applyNetwork(ranged('twice', 'eth2', ['172.16.1.64/26']));
      },
    ],
    [
      'ME205',
      'has host-local give out one range on 2 nodes',
      ({ cluster }) => cluster.applyNetwork(HOST_LOCAL),
    ],
    [
      'ME206',
      'default/unreadable: annotation multus-eni.dev/ranges',
      ({ cluster }) => cluster.applyNetwork(UNREADABLE),
    ],
    [
      'ME301',
      '11 addresses, where eth1 takes 9',
      ({ cluster }) => cluster.applyNetwork(HOST_LOCAL),
    ],
    [
      'ME401',
      'name i-',
      ({ cluster, workers }) =>
        cluster.addNode('twin', `aws:///us-east-1a/${workers[0]?.instanceId}`),
    ],
    ['ME402', 'no pod of Multus runs on ip-', ({ cluster }) => cluster.addWorker()],
  ])('%s: %s', async (code, text, prepare) => {
    const found = await codesAfter(prepare);
    expect(found.codes).toContain(code);
    expect(found.stdout).toContain(text);
  });

  test('ME102: an ENI that no tag says to be of a cluster', async () => {
    const bed = await operatorBed(1);
    const Tags = [{ Key: 'kubernetes.io/cluster/demo' }];
    const Resources = bed.workers.map(({ eth1 }) => eth1);
    await bed.bed.ec2.send(new DeleteTagsCommand({ Resources, Tags }));
    const { stdout } = await bed.operate(['doctor', '--pre', '--cluster', 'demo']);
    expect(codesIn(stdout)).toContain('ME102');
  });

  test('ME107: an ENI that is tagged for another cluster, and is not said to need the managed tag', async () => {
    const bed = await operatorBed(1);
    const { stdout } = await bed.operate(['doctor', '--pre', '--cluster', 'other']);
    expect(codesIn(stdout)).toContain('ME107');
    expect(codesIn(stdout)).not.toContain('ME101');
    expect(stdout).toContain('is tagged for demo, and not for other');
  });

  test('ME103: two ENIs in one subnet, and a definition without a device', async () => {
    const bed = await operatorBed(0);
    const worker = await bed.cluster.addWorker({ subnets: ['multus1', 'multus1'] });
    await withMultus({ ...bed, workers: [worker] });
    await bed.cluster.applyNetwork(ranged('vague', 'ens6', ['172.16.1.64/26']));
    expect(codesIn((await bed.operate(['doctor', '--pre'])).stdout)).toContain('ME103');
  });

  test('ME302: an ENI without room', async () => {
    const bed = await operatorBed(1);
    const [worker] = bed.workers;
    if (worker === undefined) throw new Error('a worker');
    const ips = Array.from({ length: 10 }, (_, n) => `172.16.1.${70 + n}`);
    const network = ipvlan('full', 'eth1', { type: 'static' }, NET_1);
    await bed.cluster.applyNetwork(network);
    for (const [n, ip] of ips.entries()) {
      await bed.cluster.runPod(`p${n}`, { on: worker, networks: [{ network, ips: [ip] }] });
    }
    await expect
      .poll(async () => codesIn((await bed.operate(['doctor', '--pre'])).stdout))
      .toContain('ME302');
  });

  test('ME501: no forwarder, unless it is asked before one is there', async () => {
    const bed = await operatorBed(1);
    expect(codesIn((await bed.operate(['doctor'])).stdout)).toContain('ME501');
    expect(codesIn((await bed.operate(['doctor', '--pre'])).stdout)).not.toContain('ME501');
    await bed.bed.startForwarder();
    await expect
      .poll(async () => codesIn((await bed.operate(['doctor'])).stdout))
      .not.toContain('ME501');
  });
});

describe('without a cluster, manifests', () => {
  async function lint(text: string, ...more: string[]) {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'nad.yaml'), text);
    return operate(['doctor', '-f', join(folder, 'nad.yaml'), ...more]);
  }
  const manifest = (name: string, config: object): string =>
    `---\napiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition\nmetadata: { name: ${name} }\nspec:\n  config: '${JSON.stringify(config)}'\n`;

  test('are looked at for what they say by themselves', async () => {
    const { code, stdout } = await lint(
      `kind: Pod\n${manifest('a', HOST_LOCAL.config)}${manifest('b', { type: 'ipvlan', ipam: { type: 'host-local', subnet: 'x' } })}`,
    );
    expect(code).toBe(4);
    expect(codesIn(stdout)).toEqual(['ME205', 'ME206']);
    expect(stdout).toContain('2 definitions: 4 checks, of which 2 found something.');
  });

  test.each([
    ['kind: Pod', 'no NetworkAttachmentDefinition is in there'],
    ['{', 'nad.yaml: '],
  ])('that are none are refused: %s', async (text, says) => {
    const { code, stderr } = await lint(text);
    expect(code).toBe(2);
    expect(stderr).toContain(says);
  });

  test('that are hostile are harmless', async () => {
    const bomb =
      'a: &a [x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n';
    expect((await lint(bomb)).code).toBe(2);
    const { stdout } = await lint(
      manifest('\u001b[2Jx', {
        type: 'ipvlan',
        ipam: { type: 'host-local', subnet: '\u001b[31m' },
      }),
    );
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

test('the reference of the checks is made of the checks', async () => {
  const rows = CHECKS.map(
    ({ code, name, reason, fix, source }) =>
      `| \`${code}\` | ${name} | ${reason} | ${fix} | ${source} |`,
  );
  const page = `# Checks

What [\`multus-eni doctor\`](../operator.md#what-is-set-up-wrongly) looks for. A code stays with its check. This
page is made of the checks: \`npm test -- doctor -u\`.

| code | name | why it matters | fix | source |
|---|---|---|---|---|
${rows.join('\n')}
`;
  const path = new URL('../../../docs/reference/checks.md', import.meta.url).pathname;
  await expect(page).toMatchFileSnapshot(path);
  const codes = CHECKS.map(({ code }) => code);
  expect(codes).toEqual([...new Set(codes)].toSorted());
});
