import { AssignIpv6AddressesCommand, AssignPrivateIpAddressesCommand } from '@aws-sdk/client-ec2';
import { type Address, familyOf } from '../address.ts';
import type { Ec2 } from '../enis/ec2.ts';
import { allOrNothing, type CallOutcome, type Parts } from './all-or-nothing.ts';

/**
 * Assigns addresses to an ENI: one call per family. An address that the ENI has already is
 * accepted by EC2. `AllowReassignment` is never set: it takes from whoever has the address.
 *
 * @param parts how a refused call is taken apart.
 * @throws what the SDK throws if EC2 does not refuse addresses.
 */
export async function assignToEni(
  ec2: Ec2,
  eniId: string,
  addresses: readonly Address[],
  signal?: AbortSignal,
  parts?: Parts,
): Promise<CallOutcome> {
  const assignIpv4 = async (part: readonly Address[]): Promise<void> => {
    await ec2.send(
      new AssignPrivateIpAddressesCommand({
        NetworkInterfaceId: eniId,
        PrivateIpAddresses: [...part],
      }),
      { abortSignal: signal },
    );
  };
  const assignIpv6 = async (part: readonly Address[]): Promise<void> => {
    await ec2.send(
      new AssignIpv6AddressesCommand({ NetworkInterfaceId: eniId, Ipv6Addresses: [...part] }),
      { abortSignal: signal },
    );
  };
  const ipv4 = await allOrNothing(ofFamily(addresses, 4), assignIpv4, parts);
  const ipv6 = await allOrNothing(ofFamily(addresses, 6), assignIpv6, parts);
  return { done: [...ipv4.done, ...ipv6.done], refused: [...ipv4.refused, ...ipv6.refused] };
}

export function ofFamily(addresses: readonly Address[], family: 4 | 6): Address[] {
  return addresses.filter((address) => familyOf(address) === family);
}
