import * as z from 'zod';
import type { ParsedNetwork } from '../../shared/claims/net-attach-def.ts';
import type { NetworkAttachmentDefinition } from '../../shared/cluster/kubernetes.ts';
import type { Eni, Subnet } from '../../shared/enis/eni.ts';
import type { NodeView, View } from '../view/view.ts';

/** The device index that a definition's master names: `eth1` is 1. */
export function indexOf(master: string | undefined): number | undefined {
  const [, index] = /^eth(\d{1,2})$/.exec(master ?? '') ?? [];
  return index === undefined ? undefined : Number(index);
}

/** The definitions that count, with the device index that they name. */
export function mastersIn(
  networks: ReadonlyMap<string, ParsedNetwork>,
): { readonly network: ParsedNetwork; readonly index: number }[] {
  return [...networks.values()].flatMap((network) => {
    const index = network.ignored ? undefined : indexOf(network.master);
    return index === undefined ? [] : [{ network, index }];
  });
}

/** The nodes' ENIs at a device index, each with its node and its subnet. */
export function enisAt(
  { nodes }: View,
  index: number,
): {
  readonly name: string;
  readonly node: NodeView;
  readonly eni: Eni;
  readonly subnet?: Subnet;
}[] {
  return [...nodes].flatMap(([name, node]) =>
    node.state.enis
      .filter(({ deviceIndex }) => deviceIndex === index)
      .map((eni) => ({ name, node, eni, subnet: node.state.subnets.get(eni.subnetId) })),
  );
}

const plugin = z.object({ ipam: z.object({ type: z.string() }).optional().catch(undefined) });
const configuration = z.object({ ...plugin.shape, plugins: z.array(plugin).optional() });

/** The types of the IPAM plugins of a definition; none if it cannot be read. */
export function ipamTypes({ config }: NetworkAttachmentDefinition): string[] {
  if (typeof config !== 'string') return [];
  try {
    const { plugins, ...only } = configuration.parse(JSON.parse(config));
    return (plugins ?? [only]).flatMap(({ ipam }) => ipam?.type ?? []);
  } catch {
    return [];
  }
}
