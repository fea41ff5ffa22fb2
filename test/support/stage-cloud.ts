import {
  AssignIpv6AddressesCommand,
  AssignPrivateIpAddressesCommand,
  DescribeNetworkInterfacesCommand,
  type EC2Client,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import * as z from 'zod';
import { familyOf, parseAddress } from '../../shared/address.ts';
import type { Cloud } from './stage.ts';

const shown = z.object({
  NetworkInterfaces: z.array(
    z.object({
      PrivateIpAddresses: z.array(
        z.object({ PrivateIpAddress: z.string(), Primary: z.boolean().optional() }),
      ),
      Ipv6Addresses: z.array(z.object({ Ipv6Address: z.string() })).default([]),
    }),
  ),
});

/** What EC2 shows on an ENI: its secondary IPv4 addresses, and its IPv6 addresses. */
export async function shownOn(client: EC2Client, eniId: string) {
  const filters = [{ Name: 'network-interface-id', Values: [eniId] }];
  const command = new DescribeNetworkInterfacesCommand({ Filters: filters });
  const [eni] = shown.parse(await client.send(command)).NetworkInterfaces;
  const ipv4 = eni?.PrivateIpAddresses.filter(({ Primary }) => Primary !== true) ?? [];
  return {
    ipv4: ipv4.map(({ PrivateIpAddress }) => PrivateIpAddress),
    ipv6: eni?.Ipv6Addresses.map(({ Ipv6Address }) => Ipv6Address) ?? [],
  };
}

/** What an EC2 client can do, whatever answers it. */
export function cloudClient(client: EC2Client): Pick<Cloud, 'shownOn' | 'assign' | 'unassign'> {
  return {
    shownOn: async (eniId) => (await shownOn(client, eniId)).ipv4,
    async unassign(eniId, addresses) {
      const what = { NetworkInterfaceId: eniId, PrivateIpAddresses: [...addresses] };
      await client.send(new UnassignPrivateIpAddressesCommand(what));
    },
    async assign(eniId, addresses) {
      const ofFamily = (family: 4 | 6): string[] =>
        addresses.filter((text) => {
          const address = parseAddress(text);
          return address !== undefined && familyOf(address) === family;
        });
      const [ipv4, ipv6] = [ofFamily(4), ofFamily(6)];
      const to = { NetworkInterfaceId: eniId };
      if (ipv4.length > 0) {
        await client.send(new AssignPrivateIpAddressesCommand({ ...to, PrivateIpAddresses: ipv4 }));
      }
      if (ipv6.length > 0) {
        await client.send(new AssignIpv6AddressesCommand({ ...to, Ipv6Addresses: ipv6 }));
      }
    },
  };
}
