import type { Ec2 } from '../../../sandbox/ec2/engine.ts';
import type { State } from '../../../sandbox/ec2/model.ts';
import type { NamespaceMachine } from './machine.ts';

/** Where packets for an address go: out of a link of the VPC's, to a MAC address. */
export interface Route {
  readonly link: string;
  readonly mac: string;
}

/**
 * A machine that is the VPC: a router with a link to each ENI. It delivers to an ENI what EC2 says
 * is on it and nothing else, and takes from an ENI only what comes from its addresses (strict
 * reverse path filtering is what EC2 calls the source/destination check). IPv4 only.
 */
export interface Vpc {
  /** Links an interface of a node to the VPC; its MAC tells whose it is. */
  plug(node: NamespaceMachine, eni: PluggedEni): Promise<void>;
  /** Forgets the link of an ENI whose node is gone. */
  unplug(eniId: string): void;
  /**
   * Loses what comes from an ENI for an address of another one, and that `what` is true of in the words of
   * ip-rule(8), as security groups and network ACLs do. @returns what ends it.
   */
  lose(from: string, to: LostAddress, what: string): Promise<() => Promise<void>>;
  /** When an address answers to the VPC's router for the first time from now on, ms since the epoch. */
  firstAnswer(address: string): Promise<number>;
  /** Whether an address answers to the VPC's router now. */
  answers(address: string): Promise<boolean>;
  /** Waits until everything that EC2 has said so far is done. */
  settled(): Promise<void>;
  stop(): void;
}

/** An address, and the ENI that it is or will be on. */
export interface LostAddress {
  readonly address: string;
  readonly eniId: string;
}

export interface PluggedEni {
  readonly id: string;
  /** The interface's name on the node, such as `eth1`. */
  readonly interfaceName: string;
  readonly mac: string;
  /** With its prefix length. */
  readonly address: string;
  /** The subnet's router, which answers to ARP and ping. */
  readonly gateway: string;
}

const UNTIL_ANSWERED = 'until ping -n -D -c 1 -W 1 "$1" 2>/dev/null; do sleep 0.005; done';

/** If nobody answers it ends with 1, and with 2 if no route leads there. */
const ONCE = 'ping -n -c 1 -W 1 "$1" 2>/dev/null || true';

/** Routing tables and priorities from here on are of what gets lost. */
const FIRST_LOSSES = 100;
/** Of the documentation (RFC 5737): nobody answers there. */
const NOBODY = '192.0.2.1';

/** Has `machine` follow EC2 from now on. */
export function startVpc(ec2: Ec2, machine: NamespaceMachine): Vpc {
  const links = new Map<string, string>();
  let current = new Map<string, Route>();
  let work = Promise.resolve();
  let plugged = 0;
  let losses = 0;

  const obey = (): void => {
    work = work.then(async () => {
      const wanted = routesOf(ec2.snapshot(), links);
      const changes = difference(current, wanted);
      if (changes.length > 0) await machine.network(changes.join('\n'));
      current = wanted;
    });
    // `settled` tells; meanwhile it is nobody's unhandled rejection.
    work.catch(() => undefined);
  };
  const stopFollowing = ec2.onChange(obey);

  return {
    async plug(node, { id, interfaceName, mac, address, gateway }) {
      plugged += 1;
      const link = `eni${plugged}`;
      await node.network(`
        ip link add ${interfaceName} address ${mac} type veth peer name ${link} netns ${machine.pid}
        ip link set ${interfaceName} up
        ip addr add ${address} dev ${interfaceName}`);
      await machine.network(`
        sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.${link}.rp_filter=1 \\
          net.ipv4.conf.${link}.proxy_arp=1 net.ipv4.neigh.${link}.proxy_delay=0
        ip addr add ${gateway}/32 dev ${link}
        ip link set ${link} up`);
      links.set(id, link);
      obey();
      await work;
    },
    unplug(eniId) {
      const link = links.get(eniId);
      links.delete(eniId);
      // Its routes go with it, once what is under way is done.
      work = work.then(() => {
        current = new Map([...current].filter(([, route]) => route.link !== link));
      });
      work.catch(() => undefined);
    },
    async lose(from, { address, eniId }, what) {
      losses += 1;
      const table = FIRST_LOSSES + losses;
      // By the right link, to nobody: reverse path filtering asks the same rules for the way back, and has
      // to find the link that packets come from.
      const route = `${address} via ${NOBODY} dev ${links.get(eniId)} onlink table ${table}`;
      const rule = `pref ${table} iif ${links.get(from)} to ${address} ${what} lookup ${table}`;
      await machine.network(`ip route add ${route}; ip rule add ${rule}`);
      return () => machine.network(`ip rule del ${rule}; ip route del ${route}`);
    },
    async firstAnswer(address) {
      // Without a route ping ends at once.
      const said = await machine.run(['sh', '-c', UNTIL_ANSWERED, 'sh', address]);
      // "Destination Host Unreachable" has a time too.
      return Number(/\[(\d+\.\d+)\] \d+ bytes from/.exec(said)?.[1]) * 1000;
    },
    async answers(address) {
      await work;
      const said = await machine.run(['sh', '-c', ONCE, 'sh', address]);
      return said.includes(' bytes from ');
    },
    settled: () => work,
    stop: stopFollowing,
  };
}

/** What EC2 has on the ENIs that are linked: address → route. */
function routesOf(state: State, links: ReadonlyMap<string, string>): Map<string, Route> {
  const routes = new Map<string, Route>();
  for (const eni of state.enis.values()) {
    const link = links.get(eni.id);
    if (link === undefined || eni.attachment === undefined) continue;
    for (const address of [eni.primary, ...eni.secondary]) {
      routes.set(address, { link, mac: eni.mac });
    }
  }
  return routes;
}

/** Releases before assigns, as `ip` commands. The node answers ARP for no pod's address. */
function difference(from: ReadonlyMap<string, Route>, to: ReadonlyMap<string, Route>): string[] {
  const same = (a?: Route, b?: Route) => a?.link === b?.link && a?.mac === b?.mac;
  const gone = [...from].filter(([address, route]) => !same(route, to.get(address)));
  const come = [...to].filter(([address, route]) => !same(route, from.get(address)));
  return [
    ...gone.map(
      ([address, { link }]) =>
        `ip route del ${address} dev ${link} || true; ip neigh del ${address} dev ${link} || true`,
    ),
    ...come.map(
      ([address, { link, mac }]) =>
        `ip route replace ${address} dev ${link}; ip neigh replace ${address} lladdr ${mac} dev ${link} nud permanent`,
    ),
  ];
}
