import type { NetworkInterfaceInfo } from 'node:os';
import * as z from 'zod';
import {
  type Address,
  type AddressRange,
  contains,
  parseAddress,
  parseCidr,
} from '../../shared/address.ts';
import { readJson } from '../../shared/text/read.ts';

/** An address on one of the pod's own interfaces. */
export interface PodAddress {
  readonly address: Address;
  /** Such as `net1`. */
  readonly interface: string;
  /** Lower case; absent if the interface has none. */
  readonly mac?: string | undefined;
}

/** The VPC CNI's interface, and the loopback: all others are Multus'. */
const NOT_OURS: ReadonlySet<string> = new Set(['eth0', 'lo']);

/** RFC 3927 and RFC 4291, 2.5.6: never routed, so never on an ENI. */
const LINK_LOCAL = ['169.254.0.0/16', 'fe80::/10']
  .map(parseCidr)
  .filter((range): range is AddressRange => range !== undefined);

/** What `os.networkInterfaces()` tells of the pod's global addresses on Multus' interfaces. */
export function fromNetworkInterfaces(
  interfaces: NodeJS.Dict<readonly Pick<NetworkInterfaceInfo, 'address' | 'mac' | 'internal'>[]>,
): PodAddress[] {
  return Object.entries(interfaces).flatMap(([label, entries = []]) => {
    // IPv4 addresses come under their label, `net1:vip` if one was given to them.
    const [name = label] = label.split(':', 1);
    return entries
      .filter(({ internal }) => !internal)
      .flatMap(({ address, mac }) => podAddress(name, address, mac));
  });
}

const ipAddress = z.array(
  z.object({
    ifname: z.string().optional(),
    address: z.string().optional(),
    addr_info: z
      .array(z.object({ local: z.string().optional(), scope: z.string().optional() }))
      .default([]),
  }),
);

/**
 * What `ip -j address` prints of the same.
 *
 * @throws an Error that says what in it cannot be read.
 */
export function fromIpAddress(output: string): PodAddress[] {
  const read = readJson(output, ipAddress);
  if (!read.ok) throw new Error(`ip -j address: ${read.detail}`);
  return read.value.flatMap(({ ifname = '', address: mac, addr_info }) =>
    addr_info
      .filter(({ scope }) => scope === 'global')
      .flatMap(({ local = '' }) => podAddress(ifname, local, mac)),
  );
}

function podAddress(name: string, text: string, mac: string | undefined): PodAddress[] {
  const address = parseAddress(text);
  if (name === '' || NOT_OURS.has(name) || address === undefined) return [];
  if (LINK_LOCAL.some((range) => contains(range, address))) return [];
  return [{ address, interface: name, mac: mac?.toLowerCase() }];
}
