import { NETWORKS } from '../../../shared/cluster/annotations.ts';
import type { Random } from '../../../shared/time/clock.ts';
import { fieldAt } from '../object.ts';
import type { ApiServer } from './api-server.ts';
import { createHostLocal } from './ipam/host-local.ts';
import { CniError, type Ipam } from './ipam/ipam.ts';
import { createStatic } from './ipam/static.ts';
import { createWhereabouts } from './ipam/whereabouts.ts';
import { type NetworkConfig, readNetworkConfig } from './network-config.ts';
import type { NetworkStatus } from './network-status.ts';
import { type NetworkSelection, readNetworks } from './networks-annotation.ts';
import type { PodView } from './pod-view.ts';

/** The MAC address of a node's interface, such as `eth1`; `undefined` if the node has none of that name. */
export type MacOf = (node: string, device: string) => string | undefined;

/** What Multus and the plugins that it calls do for a pod's sandbox. */
export interface Multus {
  /**
   * Attaches what the pod's `networks` annotation asks for.
   *
   * @throws CniError or z.ZodError, having attached nothing.
   */
  add(pod: PodView, node: string, container: string): NetworkStatus[];
  /** Detaches everything and frees the addresses. */
  del(node: string, container: string): void;
}

function randomMac(random: Random): string {
  const octet = (): string =>
    Math.floor(random() * 256)
      .toString(16)
      .padStart(2, '0');
  // Locally administered, as the kernel makes them up.
  return `0a:${octet()}:${octet()}:${octet()}:${octet()}:${octet()}`;
}

/** Multus over the cluster's NetworkAttachmentDefinitions. */
export function createMultus(options: {
  readonly objects: ApiServer;
  readonly random: Random;
  readonly macOf: MacOf;
}): Multus {
  const { objects, random, macOf } = options;
  const plugins: Readonly<Record<string, Ipam | undefined>> = {
    'host-local': createHostLocal(),
    whereabouts: createWhereabouts(),
    static: createStatic(),
  };

  const configOf = ({ namespace, name }: NetworkSelection): NetworkConfig => {
    const found = objects.find('network-attachment-definitions', { namespace, name });
    if (found === undefined) {
      throw new CniError(
        `cannot find a network-attachment-definition (${name}) in namespace (${namespace})`,
      );
    }
    const config = fieldAt(found, 'spec.config');
    return readNetworkConfig(typeof config === 'string' ? config : '');
  };

  /** ipvlan shares its master's MAC, host-device is the device; others get one of their own. */
  const macFor = (config: NetworkConfig, node: string, asked: string | undefined): string => {
    const device = { ipvlan: config.master ?? 'eth0', 'host-device': config.device }[config.type];
    if (device === undefined) return asked ?? randomMac(random);
    const mac = macOf(node, device);
    if (mac === undefined) {
      throw new CniError(`failed to lookup master ${JSON.stringify(device)}: Link not found`);
    }
    return mac.toLowerCase();
  };

  const attach = (
    selection: NetworkSelection,
    pod: PodView,
    node: string,
    container: string,
  ): NetworkStatus => {
    const config = configOf(selection);
    const mac = macFor(config, node, selection.mac);
    const ipam = plugins[config.ipam?.type ?? ''];
    if (config.ipam !== undefined && ipam === undefined) {
      throw new CniError(`failed to find plugin ${JSON.stringify(config.ipam.type)} in path`);
    }
    const ips = ipam?.allocate({
      ipam: config.ipam,
      network: config.name ?? selection.name,
      node,
      container,
      pod: `${pod.namespace}/${pod.name}`,
      interface: selection.interface,
      requested: selection.ips,
    });
    const name = `${selection.namespace}/${selection.name}`;
    return { name, interface: selection.interface, ips, mac, dns: {} };
  };

  const del: Multus['del'] = (node, container) => {
    for (const ipam of Object.values(plugins)) ipam?.release(node, container);
  };

  return {
    add(pod, node, container) {
      try {
        return readNetworks(pod.annotations[NETWORKS], pod.namespace).map((selection) =>
          attach(selection, pod, node, container),
        );
      } catch (error) {
        del(node, container);
        throw error;
      }
    },
    del,
  };
}
