import { NETWORK_STATUS, RANGES } from '../../shared/cluster/annotations.ts';
import type { Network } from './stage.ts';

/** An ipvlan network over a worker's interface, such as eth1. */
export function ipvlan(name: string, master: string, ipam: object, more: Partial<Network> = {}) {
  return { name, config: { type: 'ipvlan', master, ipam }, ...more } satisfies Network;
}

const STATIC = { type: 'static' };

/** Over eth1, the pod chooses its address; 172.16.1.64/26 and its IPv6 sibling are in range. */
export const NET_1 = ipvlan('net-1', 'eth1', STATIC, {
  annotations: { [RANGES]: '["172.16.1.64/26", "2600:1f18:1111:1::/112"]' },
});

/** Over eth2, the pod chooses its address; 172.16.3.64/26 is in range. */
export const NET_2 = ipvlan('net-2', 'eth2', STATIC, {
  annotations: { [RANGES]: '["172.16.3.64/26"]' },
});

/** Over eth1, the pod chooses its address; nothing is in range. */
export const LOOSE = ipvlan('loose', 'eth1', STATIC);

/** Its ranges cannot be read. */
export const UNREADABLE = ipvlan('unreadable', 'eth1', STATIC, {
  annotations: { [RANGES]: '["172.16.1.64/99"]' },
});

/** The guide's network on eth1: host-local gives out .70 to .80, on each worker for itself. */
export const HOST_LOCAL = ipvlan('ipvlan-conf-1', 'eth1', {
  type: 'host-local',
  subnet: '172.16.1.0/24',
  rangeStart: '172.16.1.70',
  rangeEnd: '172.16.1.80',
  gateway: '172.16.1.1',
});

/** A bridge inside the worker: no ENI has to do with it. */
export const BRIDGE: Network = {
  name: 'bridge',
  config: { type: 'bridge', bridge: 'br0', ipam: { type: 'static' } },
};

/** A network-status as Multus writes it, for pods whose annotation a test writes by hand. */
export function networkStatus(
  entries: readonly { readonly network: Network; readonly ips: readonly string[] }[],
): Readonly<Record<string, string>> {
  const attached = entries.map(({ network, ips }, index) => ({
    name: `${network.namespace ?? 'default'}/${network.name}`,
    interface: `net${index + 1}`,
    ips,
    dns: {},
  }));
  return { [NETWORK_STATUS]: JSON.stringify(attached) };
}
