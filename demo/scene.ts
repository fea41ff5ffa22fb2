import type { DemoStage } from './stage.ts';
import { eniOf, untilRows } from './step.ts';

const ADDRESS = '172.16.1.70';
/** What holds the range of the guide's definitions. */
const RESERVED = ['172.16.1.64/27', '172.16.3.64/27'];

/**
 * What an operator finds while the demo is kept. Both workers have Multus, and the ranges are reserved.
 * sampleapp is back on its worker, with the address that sampleapp-2 has by now.
 */
export async function setScene(stage: DemoStage): Promise<void> {
  const { kubectl, workers, world } = stage;
  const { first, second } = workers;
  for (const [index, cidr] of RESERVED.entries()) {
    world.ec2.reserve(eniOf(first, index + 1).subnetId, cidr);
  }
  for (const [index, { name }] of [first, second].entries()) {
    world.cluster.kubernetes.objects.create('pods', {
      metadata: { name: `kube-multus-ds-${index}`, namespace: 'kube-system' },
      spec: {
        nodeName: name,
        hostNetwork: true,
        containers: [{ name: 'kube-multus', image: 'multus-cni' }],
      },
    });
  }
  const networks = JSON.stringify([{ name: 'ipvlan-conf-1', ips: [ADDRESS] }]);
  await kubectl.apply('sampleapp.yaml', { node: first.name, networks });
  await untilRows(stage, 'sampleapp', [
    { interface: 'net1', address: ADDRESS, eni: '-', state: 'unreachable: Conflict' },
  ]);
}
