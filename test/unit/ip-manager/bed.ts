import { onTestFinished } from 'vitest';
import { initContainers } from '../../../ip-manager/commands/init-containers.ts';
import type { IpManagerOutside } from '../../../ip-manager/commands/outside.ts';
import { readEnvironment } from '../../../ip-manager/environment.ts';
import { ACCOUNT, REGION } from '../../../sandbox/aws.ts';
import { type Ec2Server, startEc2 } from '../../../sandbox/ec2/server.ts';
import { launchWorker, type Worker, type WorkerEni } from '../../../sandbox/worker.ts';
import { type Clock, systemClock } from '../../../shared/time/clock.ts';
import { changeAddresses } from '../../support/change-addresses.ts';
import { ec2Client } from '../../support/clients.ts';

/** An interface of a pod: its name, its MAC address, and its addresses. */
export interface Interface {
  readonly name: string;
  readonly mac: string;
  readonly addresses: readonly string[];
}

export interface Bed {
  readonly ec2: Ec2Server;
  readonly subnets: { readonly node: string; readonly multus1: string; readonly multus2: string };
  addWorker(options?: {
    readonly enis?: readonly WorkerEni[];
    readonly cluster?: string;
    readonly instanceType?: string;
  }): Worker;
}

/** EC2 with the subnets of the guide. */
export async function startBed(): Promise<Bed> {
  const ec2 = await startEc2({ clock: systemClock, region: REGION, account: ACCOUNT });
  onTestFinished(() => ec2.stop());
  const subnets = {
    node: ec2.addSubnet({ cidr: '172.20.1.0/24' }),
    multus1: ec2.addSubnet({ cidr: '172.16.1.0/24', ipv6Cidrs: ['2600:1f18:1111:1::/64'] }),
    multus2: ec2.addSubnet({ cidr: '172.16.3.0/24' }),
  };
  const usual = [
    { deviceIndex: 1, subnetId: subnets.multus1 },
    { deviceIndex: 2, subnetId: subnets.multus2 },
  ];
  return {
    ec2,
    subnets,
    addWorker: ({ enis = usual, cluster = 'demo', instanceType = 'm5.large' } = {}) =>
      launchWorker(ec2, { cluster, nodeSubnetId: subnets.node, enis, instanceType }),
  };
}

/** The ENI at a device index of a worker. */
export function eniOf(worker: Worker, deviceIndex: number): Worker['enis'][number] {
  const eni = worker.enis.find((each) => each.deviceIndex === deviceIndex);
  if (eni === undefined) throw new Error(`${worker.name} has no eth${deviceIndex}`);
  return eni;
}

/** `net<n>` of a pod, by ipvlan on the worker's `eth<n>`. */
export function ipvlan(worker: Worker, deviceIndex: number, ...addresses: string[]): Interface {
  return { name: `net${deviceIndex}`, mac: eniOf(worker, deviceIndex).mac, addresses };
}

/** Makes an ENI hold an address, as somebody else's call would. */
export async function assign(bed: Bed, eniId: string, address: string): Promise<void> {
  await changeAddresses(bed.ec2, 'Assign', eniId, [address]);
  bed.ec2.calls.clear();
}

/** Makes an ENI let go of an address. */
export async function unassign(bed: Bed, eniId: string, address: string): Promise<void> {
  await changeAddresses(bed.ec2, 'Unassign', eniId, [address]);
}

/** What a pod on `worker` finds outside of the program; `said` is what it prints. */
export function outsideOf(
  bed: Pick<Bed, 'ec2'>,
  worker: Worker,
  interfaces: readonly Interface[] = [],
  env: Readonly<Record<string, string>> = {},
): IpManagerOutside & { readonly said: string[] } {
  const said: string[] = [];
  const client = ec2Client(bed.ec2.endpoint);
  return {
    said,
    environment: readEnvironment(env),
    networkInterfaces: () => networkInterfaces(interfaces),
    readInstance: async () => ({ instanceId: worker.instanceId, region: REGION }),
    ec2Clients: () => ({ client, once: client }),
    ownPod: async () => {
      throw new Error('this test has no API server');
    },
    ownNode: async () => {
      throw new Error('this test has no API server');
    },
    clock: systemClock,
    random: () => 0,
    say: (line) => void said.push(line),
  };
}

/** The same, with a clock by which the time of its command is up at the `nth` pause between tries. */
export function endingAtPause<T extends Pick<IpManagerOutside, 'clock'>>(
  outside: T,
  nth: number,
): T {
  let timeIsUp: (() => void) | undefined;
  let pauses = 0;
  const clock: Clock = {
    now: outside.clock.now,
    monotonic: outside.clock.monotonic,
    after(delayMs, task) {
      if (timeIsUp === undefined) {
        timeIsUp = task;
        return () => undefined;
      }
      pauses += 1;
      if (pauses === nth) setImmediate(timeIsUp);
      return outside.clock.after(delayMs, task);
    },
  };
  return { ...outside, clock };
}

function networkInterfaces(
  interfaces: readonly Interface[],
): ReturnType<IpManagerOutside['networkInterfaces']> {
  const primary = { name: 'eth0', mac: '0a:58:a9:fe:00:01', addresses: ['10.0.0.5', 'fe80::1'] };
  return Object.fromEntries(
    [primary, ...interfaces].map(({ name, mac, addresses }) => [
      name,
      addresses.map((address) => {
        const common = { address, mac, netmask: '', internal: false, cidr: null };
        return address.includes(':')
          ? { ...common, family: 'IPv6' as const, scopeid: 0 }
          : { ...common, family: 'IPv4' as const };
      }),
    ]),
  );
}

/** Runs the init container to its end, with much more time than it needs. */
export function runInitContainers(outside: IpManagerOutside): Promise<void> {
  return initContainers(outside, { timeoutMs: 60_000, signal: new AbortController().signal });
}

/** The ENI that has the address. */
export const holderOf = (bed: Bed, address: string) => bed.ec2.holderOf(address)?.eniId;
