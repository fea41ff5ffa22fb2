import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import type { ProbeOrder, ProbeReport } from '../../shared/probe.ts';

/** An address of the documentation (RFC 5737, RFC 3849), which is in no subnet of anybody's. */
const BEYOND = { 4: '192.0.2.1', 6: '2001:db8::1' } as const;
/** Flag of /proc/net/if_inet6: IFA_F_DADFAILED (linux/if_addr.h). */
const DAD_FAILED = 0x08;
const ROUTE_TIMEOUT_MS = 2_000;

export type InterfaceFacts = Pick<ProbeReport, 'link' | 'reversePath' | 'duplicates'>;

/**
 * What the kernel shows of an interface to everybody.
 *
 * @param root where `/proc` and `/sys` are.
 */
export async function interfaceFactsOf(name: string, root = '/'): Promise<InterfaceFacts> {
  const read = (path: string): Promise<string> =>
    readFile(join(root, path), 'utf8').then(
      (text) => text.trim(),
      // Of a link that is down the kernel refuses to read some.
      () => '',
    );
  const device = (file: string) => read(`sys/class/net/${name}/${file}`);
  const filter = (of: string) => read(`proc/sys/net/ipv4/conf/${of}/rp_filter`);
  const [state, carrier, mtu, all, own, statistics, addresses] = await Promise.all([
    device('operstate'),
    device('carrier'),
    device('mtu'),
    filter('all'),
    filter(name),
    read('proc/net/netstat'),
    read('proc/net/if_inet6'),
  ]);
  const link = mtu === '' ? undefined : { up: carrier === '1', state, mtu: Number(mtu) };
  return {
    ...(link && { link }),
    // Of the two the larger counts (Linux, Documentation/networking/ip-sysctl.rst, rp_filter).
    reversePath: {
      mode: Math.max(Number(all), Number(own)),
      dropped: statistic(statistics, 'TcpExt', 'IPReversePathFilter'),
    },
    duplicates: duplicatesIn(addresses, name),
  };
}

/** A number of /proc/net/netstat, which has a line of names and then one of values for each prefix. */
function statistic(text: string, prefix: string, name: string): number {
  const [names = [], values = []] = text
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([first]) => first === `${prefix}:`);
  return Number(values[names.indexOf(name)] ?? 0) || 0;
}

/** The IPv6 addresses of an interface that another host of the link had already. */
function duplicatesIn(text: string, name: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [digits = '', , , , flags = '', device] = line.trim().split(/\s+/);
    if (device !== name || (Number.parseInt(flags, 16) & DAD_FAILED) === 0) return [];
    return [(digits.match(/.{4}/g) ?? []).join(':')];
  });
}

const routes = z.array(z.object({ dev: z.string().optional() }));

/** By which devices packets from the pod's address leave, as the kernel decides it. */
export async function leavesBy(
  command: string,
  { address, gateway, peer }: ProbeOrder,
): Promise<ProbeReport['leaves']> {
  const device = async (to: string | undefined): Promise<string | undefined> => {
    if (to === undefined) return undefined;
    const args = ['-json', 'route', 'get', to, 'from', address];
    try {
      const { stdout } = await promisify(execFile)(command, args, { timeout: ROUTE_TIMEOUT_MS });
      return routes.parse(JSON.parse(stdout))[0]?.dev;
    } catch {
      return undefined;
    }
  };
  const beyond = BEYOND[address.includes(':') ? 6 : 4];
  const [toGateway, toPeer, toBeyond] = await Promise.all([gateway, peer, beyond].map(device));
  return {
    ...(toGateway !== undefined && { gateway: toGateway }),
    ...(toPeer !== undefined && { peer: toPeer }),
    ...(toBeyond !== undefined && { beyond: toBeyond }),
  };
}
