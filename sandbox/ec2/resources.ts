import { Ec2Error } from './errors.ts';
import type { Instance, NetworkInterface, State, SubnetModel } from './model.ts';

/** @throws Ec2Error InvalidNetworkInterfaceID.NotFound */
export function requireEni(state: State, id: string): NetworkInterface {
  const eni = state.enis.get(id);
  if (eni !== undefined) return eni;
  throw new Ec2Error(
    'InvalidNetworkInterfaceID.NotFound',
    `The networkInterface ID '${id}' does not exist`,
  );
}

/** @throws Ec2Error InvalidInstanceID.NotFound */
export function requireInstance(state: State, id: string): Instance {
  const instance = state.instances.get(id);
  if (instance !== undefined) return instance;
  throw new Ec2Error('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);
}

/** @throws Ec2Error InvalidSubnetID.NotFound */
export function requireSubnet(state: State, id: string): SubnetModel {
  const subnet = state.subnets.get(id);
  if (subnet !== undefined) return subnet;
  throw new Ec2Error('InvalidSubnetID.NotFound', `The subnet ID '${id}' does not exist`);
}
