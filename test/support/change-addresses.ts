import type { Ec2Server } from '../../sandbox/ec2/server.ts';

/** Puts addresses on an ENI of the sandbox, or takes them, as somebody else would. @throws EC2's refusal. */
export async function changeAddresses(
  ec2: Pick<Ec2Server, 'handle'>,
  what: 'Assign' | 'Unassign',
  eniId: string,
  addresses: readonly string[],
): Promise<void> {
  const isIpv6 = addresses.some((each) => each.includes(':'));
  const [action, list] = isIpv6
    ? [`${what}Ipv6Addresses`, 'Ipv6Addresses']
    : [`${what}PrivateIpAddresses`, 'PrivateIpAddress'];
  const params = new URLSearchParams({
    Action: action,
    Version: '2016-11-15',
    NetworkInterfaceId: eniId,
    ...Object.fromEntries(addresses.map((each, index) => [`${list}.${index + 1}`, each])),
  });
  const { status, body } = await ec2.handle(params);
  if (status !== 200) throw new Error(body);
}
