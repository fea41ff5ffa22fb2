import type { Ec2 } from '../../../sandbox/ec2/engine.ts';
import { fromInteger, parseCidr } from '../../../shared/address.ts';
import { type NamespaceMachine, startMachine } from './machine.ts';
import type { Run } from './run.ts';
import { startVpc, type Vpc } from './vpc.ts';

/** The ClusterIP of the Service `kubernetes`, which is the API server itself: no kube-proxy needed. */
export const SERVICE_ADDRESS = '10.96.0.1';

/** Where nodes and pods find what of this machine's loopback is exposed to them; the same in every cluster. */
export const EXPOSED_ADDRESS = '10.96.0.2';

/** The machines between the nodes. */
export interface Network {
  /** Where the control plane runs; all nodes' eth0 are on its bridge. */
  readonly controlPlane: NamespaceMachine;
  /** Its address among the nodes: their subnet's router. */
  readonly address: string;
  readonly vpc: Vpc;
}

export async function startNetwork(run: Run, ec2: Ec2, nodeSubnetId: string): Promise<Network> {
  const address = routerOf(ec2, nodeSubnetId).address;
  const [controlPlane, router] = await Promise.all([
    startMachine(run, 'control-plane'),
    startMachine(run, 'vpc'),
  ]);
  // A bridge without a MAC of its own takes those of its ports, and is lost to the others for
  // seconds when one comes or goes.
  await controlPlane.network(`
    sysctl -qw net.ipv4.ip_forward=1
    ip link add br0 address 02:00:00:00:00:01 type bridge
    ip link set br0 up
    ip addr add ${SERVICE_ADDRESS}/32 dev br0
    ip addr add ${EXPOSED_ADDRESS}/32 dev br0
    ip addr add ${address}/32 dev br0`);
  return { controlPlane, address, vpc: startVpc(ec2, router) };
}

/** A subnet's router has the first address after the network's own. */
export function routerOf(
  ec2: Ec2,
  subnetId: string,
): { readonly address: string; readonly length: string } {
  const cidr = ec2.snapshot().subnets.get(subnetId)?.ipv4.cidr ?? '';
  const range = parseCidr(cidr);
  if (range === undefined) throw new Error(`there is no subnet ${subnetId}`);
  return {
    address: fromInteger(range.first + 1n, range.family),
    length: cidr.split('/')[1] ?? '',
  };
}
