import { CreateNetworkInterfaceCommand } from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { lookAt } from '../../../cli/access/access.ts';
import { vpcCniOld } from '../../../cli/doctor/checks/vpc-cni-old.ts';
import { systemPodFrom } from '../../../cli/doctor/system-pods.ts';
import { readView } from '../../../cli/view/view.ts';
import { parseAddress } from '../../../shared/address.ts';
import { systemClock as clock } from '../../../shared/time/clock.ts';
import { codesAfter, codesIn, FITTING, reserve, withMultus } from './doctor-bed.ts';
import { type OperatorBed, operatorBed, tooWide } from './operator-bed.ts';

const IPV6 = ['2600:1f18:1111:1::10'].map(parseAddress).filter((each) => each !== undefined);

/** A pod of the VPC CNI on each worker, as its DaemonSet runs it. */
function withVpcCni({ bed, workers }: OperatorBed, image: string, tags?: object): void {
  const { objects } = bed.world.cluster.kubernetes;
  for (const [index, { name }] of workers.entries()) {
    const env = tags ? [{ name: 'ADDITIONAL_ENI_TAGS', value: JSON.stringify(tags) }] : [];
    objects.create('pods', {
      metadata: {
        ...{
          name: `aws-node-${index}`,
          namespace: 'kube-system',
          labels: { 'k8s-app': 'aws-node' },
        },
      },
      spec: {
        ...{ nodeName: name, hostNetwork: true },
        containers: [{ name: 'aws-node', image, env }],
      },
    });
  }
}

describe('beside the VPC CNI', () => {
  const OWN = { 'node.k8s.amazonaws.com/createdAt': '2026-01-01T00:00:00Z' };

  test('ME106: an ENI of its warm pool is found, and not said to need the tag', async () => {
    const { codes, stdout } = await codesAfter(async (bed) => {
      const worker = await bed.cluster.addWorker({ eth1Tagged: false });
      bed.bed.world.ec2.tagEni(worker.eth1, OWN);
      await bed.cluster.applyNetwork(FITTING);
    }, 0);
    expect(codes).toContain('ME106');
    expect(codes).not.toContain('ME101');
    expect(stdout).toMatch(/eni-\S+ \(eth1\) of ip-\S+ was made by the VPC CNI/);
  });

  test('ME404: it is told where its own ENIs get the managed tag, and not once they do not', async () => {
    const tag = { 'node.k8s.amazonaws.com/no_manage': 'true' };
    const image = 'registry.example/amazon-k8s-cni:v1.23.1-eksbuild.1';
    const { codes } = await codesAfter(async (bed) => withVpcCni(bed, image, tag));
    expect(codes).toEqual(['ME404']);
    const mended = await codesAfter(async (bed) => withVpcCni(bed, image, { team: 'network' }));
    expect(mended.codes).toEqual([]);
  });

  test('ME403: it has to be new enough beside an ENI without IPv4', async () => {
    const bed = await operatorBed(1);
    const found = async (version: string, family: 4 | 6) => {
      const { access } = await lookAt({ kubeconfig: bed.kubeconfig }, { clock, environment: {} });
      const view = await readView(access);
      const [worker] = bed.workers;
      const nodes = new Map(
        [...view.nodes].map(([name, node]) => {
          const enis = node.state.enis.map((eni) => {
            const primary = family === 6 ? IPV6 : eni.primary;
            return eni.managed ? { ...eni, primary } : eni;
          });
          return [name, { ...node, state: { ...node.state, enis } }];
        }),
      );
      const pod = systemPodFrom({
        metadata: {
          name: 'aws-node-1',
          namespace: 'kube-system',
          labels: { 'k8s-app': 'aws-node' },
        },
        spec: {
          nodeName: worker?.name,
          containers: [{ image: `registry.example/amazon-k8s-cni:v${version}-eksbuild.1` }],
        },
      });
      const subject = {
        ...{ definitions: [], networks: new Map(), unreadable: [], now: 0 },
        ...{ view: { ...view, nodes }, systemPods: pod ? [pod] : [] },
      };
      return vpcCniOld.find(subject);
    };
    expect(await found('1.23.0', 6)).toMatchObject([
      { text: expect.stringMatching(/has the VPC CNI 1\.23\.0, and eni-\S+ \(eth1\) has no IPv4/) },
      {},
    ]);
    expect(await found('1.23.1', 6)).toEqual([]);
    expect(await found('1.9.0', 4)).toEqual([]);
  });
});

test('ME108: an ENI of others in a subnet of Multus is found', async () => {
  const { codes, stdout } = await codesAfter(async ({ bed }) => {
    const SubnetId = bed.world.subnets.multus1;
    await bed.ec2.send(new CreateNetworkInterfaceCommand({ SubnetId }));
  });
  expect(codes).toEqual(['ME108']);
  expect(stdout).toMatch(/eni-\S+ is in subnet-\S+ beside Multus ENIs/);
});

test('ME304: a node that takes more pods than it has ordinary addresses for is found', async () => {
  const takes = (pods: string) => async (bed: OperatorBed) => {
    const { objects } = bed.bed.world.cluster.kubernetes;
    const name = bed.workers[0]?.name ?? '';
    const status = { allocatable: { pods } };
    objects.patch('nodes', { name }, { status }, { subresource: 'status' });
  };
  const { codes, stdout } = await codesAfter(takes('29'));
  expect(codes).toEqual(['ME304']);
  expect(stdout).toMatch(/ip-\S+ takes 29 pods, and has addresses for 11 beside 2 Multus ENIs/);
  expect((await codesAfter(takes('11'))).codes).toEqual([]);
});

test('ME405: a pod of Multus that is not ready is found, and not once it is', async () => {
  const bed = await operatorBed(1);
  const [worker] = bed.workers;
  if (worker === undefined) throw new Error('a worker');
  await bed.cluster.stopKubelet(worker);
  await withMultus(bed);
  const line = ['doctor', '--pre', '--cluster', 'demo'];
  const { stdout } = await bed.operate(line);
  expect(codesIn(stdout)).toEqual(['ME405']);
  expect(stdout).toContain(`kube-system/kube-multus-ds-0 on ${worker.name} is not ready`);
  await bed.cluster.startKubelet(worker);
  await expect.poll(async () => codesIn((await bed.operate(line)).stdout)).toEqual([]);
});

describe('ME210, of what AWS may give to something else', () => {
  test.each([
    ['nothing is reserved', [], ['ME210']],
    ['a part is', ['172.16.1.64/27'], ['ME210']],
    ['all of it is, in parts', ['172.16.1.64/27', '172.16.1.96/27'], []],
  ])('%s', async (_, cidrs, expected) => {
    const { codes, stdout } = await codesAfter(async (bed) => {
      await bed.cluster.applyNetwork(FITTING);
      for (const cidr of cidrs) await reserve(bed, cidr);
    });
    expect(codes).toEqual(expected);
    if (codes.length > 0)
      expect(stdout).toContain('gives out 172.16.1.64-172.16.1.127, which subnet-');
  });

  test('is not checked if that may not be asked, and the right is named', async () => {
    const { codes, stdout } = await codesAfter(async ({ bed, cluster }) => {
      await cluster.applyNetwork(FITTING);
      const effect = { kind: 'error', code: 'UnauthorizedOperation' } as const;
      bed.world.ec2.faults.add({ action: 'GetSubnetCidrReservations', times: 100, effect });
    });
    expect(codes).toEqual([]);
    expect(stdout).toContain(
      'not checked - ME210 range-unreserved: you lack the right ec2:GetSubnetCidrReservations',
    );
  });
});

test('is harmless whatever pods of the system say of themselves', async () => {
  const hostile = `\u001b[2J\u001b]0;owned\u0007\u202e<script>${'A'.repeat(100_000)}`;
  const bed = await operatorBed(1);
  await withMultus(bed);
  withVpcCni(bed, `registry.example/amazon-k8s-cni:${hostile}`, { [hostile]: 'true' });
  for (const line of ['doctor --pre', 'doctor --stage demo']) {
    const { stdout, stderr } = await bed.operate(line.split(' '));
    expect(tooWide(stdout)).toEqual([]);
    expect((stdout + stderr).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(stdout.length).toBeLessThan(20_000);
  }
});
