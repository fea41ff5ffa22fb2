import { MANAGED_TAG } from '../../../sandbox/worker.ts';
import type { VirtualCluster, VirtualWorld } from './world.ts';

/** What other people do to the ENIs of our workers. */

type Action = 'AssignPrivateIpAddresses' | 'UnassignPrivateIpAddresses' | 'AssignIpv6Addresses';

/** Calls EC2 for a node's eth1; what EC2 refuses is let be. An address goes there from wherever it is. */
export function callByHand(
  world: VirtualWorld,
  cluster: VirtualCluster,
  action: Action,
  node: string,
  ...addresses: readonly string[]
): void {
  const NetworkInterfaceId = cluster.worker(node).enis[1]?.id;
  for (const address of addresses) {
    const input =
      action === 'AssignIpv6Addresses'
        ? { Ipv6Addresses: [address] }
        : {
            PrivateIpAddresses: [address],
            ...(action === 'AssignPrivateIpAddresses' && { AllowReassignment: true }),
          };
    try {
      world.ec2.call(action, { NetworkInterfaceId, ...input });
    } catch {
      // It may be there already, or gone, or the ENI is full.
    }
  }
}

/** Puts the managed tag on a node's eth1, or takes it off. */
export function tagEth1(world: VirtualWorld, cluster: VirtualCluster, node: string, on: boolean) {
  const tags = Object.keys(MANAGED_TAG).map((key) => [key, undefined] as const);
  const eth1 = cluster.worker(node).enis[1]?.id ?? '';
  world.ec2.tagEni(eth1, on ? MANAGED_TAG : Object.fromEntries(tags));
}

/** A managed ENI in the subnet of the workers' eth1, attached nowhere. */
export function addExtraEni({ ec2 }: VirtualWorld, cluster: VirtualCluster, node: string): string {
  const tags = { ...MANAGED_TAG, [`kubernetes.io/cluster/${cluster.name}`]: 'owned' };
  return ec2.addEni({ subnetId: cluster.worker(node).enis[1]?.subnetId ?? '', tags });
}

/** Attaches an ENI to a worker as its eth3, wherever it is attached now. */
export function attachAsEth3(
  world: VirtualWorld,
  cluster: VirtualCluster,
  eni: string,
  node: string,
) {
  if (world.ec2.eni(eni).attachment !== undefined) world.ec2.detachEni(eni);
  world.ec2.attachEni(eni, cluster.worker(node).instanceId, 3);
}
