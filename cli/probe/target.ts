import * as z from 'zod';
import {
  contains,
  fromInteger,
  parseAddress,
  parseInterfaceAddress,
} from '../../shared/address.ts';
import type { NetworkAttachmentDefinition } from '../../shared/cluster/kubernetes.ts';
import { PATHS } from '../../shared/cluster/paths.ts';
import type { Subnet } from '../../shared/enis/eni.ts';
import type { Api } from '../access/kubernetes.ts';
import { enisAt, indexOf, ipamTypes } from '../doctor/masters.ts';
import { BadInput, Failed } from '../failure.ts';
import type { View } from '../view/view.ts';

/** What the operator asks for. */
export interface Wish {
  /** `namespace/name`, or a name in the namespace `default`. */
  readonly network: string;
  readonly nodes?: readonly string[];
  readonly image?: string;
  readonly ips?: readonly string[];
  readonly gateway?: string;
}

/** What is tried, between which nodes. */
export interface Target {
  readonly namespace: string;
  readonly network: string;
  readonly nodes: readonly [string, string];
  readonly image: string;
  readonly ips?: readonly string[];
  /** Absent if neither the definition nor EC2 says which it is. */
  readonly gateway?: string;
}

const FORWARDER = 'app.kubernetes.io/name=multus-eni-forwarder';
const STARTUP_TAINT = 'multus-eni.dev/multus-not-ready';

/**
 * Makes of what is asked for something that can be tried.
 *
 * @throws BadInput if there is no such network, node or image; Failed if that could not be read.
 */
export async function targetOf(view: View, wish: Wish, api: Api): Promise<Target> {
  const definition = definitionOf(view, wish.network);
  const { namespace, name } = definition;
  const { ips } = wish;
  if (ips === undefined && ipamTypes(definition).includes('static') && !hasAddresses(definition)) {
    throw new BadInput(
      `${namespace}/${name} leaves its addresses to the pods: give two with --ips, such as 172.16.1.70/24,172.16.1.71/24`,
    );
  }
  const candidates = nodesOf(view, definition);
  const nodes = await chosen(wish.nodes, candidates, view, api);
  const subnet =
    candidates.find((each) => each.name === nodes[0])?.subnet ?? subnetOf(view, wish, definition);
  const gateway = wish.gateway ?? gatewayIn(definition) ?? routerOf(subnet);
  return {
    namespace,
    network: name,
    nodes,
    image: wish.image ?? (await forwarderImage(api)),
    ...(ips && { ips }),
    ...(gateway !== undefined && { gateway }),
  };
}

function definitionOf(view: View, asked: string): NetworkAttachmentDefinition {
  const [first = '', second, ...more] = asked.split('/');
  const [namespace, name] = second === undefined ? ['default', first] : [first, second];
  if (namespace === '' || name === '' || more.length > 0) {
    throw new BadInput(`${asked} is no network: give NAMESPACE/NAME`);
  }
  const found = view.definitions.find((each) => each.namespace === namespace && each.name === name);
  if (found === undefined) {
    if (view.missing.length > 0) throw new Failed(view.missing.join('; '));
    const names = view.definitions.map((each) => `${each.namespace}/${each.name}`);
    const known = names.length === 0 ? 'it has none' : `it has ${names.toSorted().join(', ')}`;
    throw new BadInput(
      `cluster ${view.cluster} has no NetworkAttachmentDefinition ${namespace}/${name}: ${known}`,
    );
  }
  const { unreadable } = view.state.networks;
  const wrong = unreadable.find(({ network }) => network.uid === found.uid);
  if (wrong !== undefined) throw new BadInput(`${namespace}/${name}: ${wrong.detail}`);
  return found;
}

interface Candidate {
  readonly name: string;
  readonly subnet?: Subnet;
}

/** The nodes that have an ENI for the network, those of the first one's subnet first. */
function nodesOf(view: View, { namespace, name }: NetworkAttachmentDefinition): Candidate[] {
  const index = indexOf(view.state.networks.byName.get(`${namespace}/${name}`)?.master);
  const found =
    index === undefined
      ? [...view.nodes].flatMap(([node, { state }]) =>
          state.enis.some(({ deviceIndex = 0 }) => deviceIndex > 0) ? [{ name: node }] : [],
        )
      : enisAt(view, index);
  const sorted = found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const first = sorted[0] && 'subnet' in sorted[0] ? sorted[0].subnet?.id : undefined;
  const isNear = (each: Candidate) => Number(each.subnet?.id === first);
  return sorted.toSorted((a, b) => isNear(b) - isNear(a));
}

async function chosen(
  asked: readonly string[] | undefined,
  candidates: readonly Candidate[],
  { allNodes, cluster }: View,
  api: Api,
): Promise<readonly [string, string]> {
  if (asked !== undefined) {
    const [first, second, ...more] = asked;
    if (first === undefined || second === undefined || more.length > 0 || first === second) {
      throw new BadInput(`--nodes ${asked.join(',')}: give two nodes, such as --nodes a,b`);
    }
    const gone = asked.find((name) => !allNodes.some((node) => node.name === name));
    if (gone === undefined) return [first, second];
    const known = allNodes.map(({ name }) => name).join(', ') || 'none';
    throw new BadInput(`cluster ${cluster} has no node ${gone}: it has ${known}`);
  }
  const ready: string[] = [];
  for (const { name } of candidates) {
    if (await isReady(api, name)) ready.push(name);
    const [first, second] = ready;
    if (first !== undefined && second !== undefined) return [first, second];
  }
  const known = candidates.map(({ name }) => name).join(', ') || 'none';
  throw new BadInput(
    `two nodes are needed that are ready and have an ENI for the network; of ${known} ${ready.length} is so. Give --nodes`,
  );
}

const nodeObject = z.object({
  spec: z.object({ taints: z.array(z.object({ key: z.string() })).nullish() }).nullish(),
  status: z
    .object({
      conditions: z.array(z.object({ type: z.string(), status: z.string() })).nullish(),
    })
    .nullish(),
});

async function isReady(api: Api, name: string): Promise<boolean> {
  const { spec, status } = nodeObject.parse(await api.read(PATHS.node(name)));
  if (spec?.taints?.some(({ key }) => key === STARTUP_TAINT)) return false;
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
}

const podImages = z.object({
  items: z.array(
    z.object({ spec: z.object({ containers: z.array(z.object({ image: z.string() })) }) }),
  ),
});

/** The forwarder's image has all that the probe's pods run, and the cluster can pull it. */
async function forwarderImage(api: Api): Promise<string> {
  const path = `${PATHS.pods}?labelSelector=${encodeURIComponent(FORWARDER)}&limit=1`;
  const [pod] = podImages.parse(await api.read(path)).items;
  const image = pod?.spec.containers[0]?.image;
  if (image !== undefined) return image;
  throw new BadInput(
    `no forwarder runs here whose image could be used: give --image, such as <registry>/multus-eni-reconciler:<tag>`,
  );
}

const ipam = z.object({
  gateway: z.string().optional().catch(undefined),
  addresses: z
    .array(z.looseObject({ gateway: z.string().optional() }))
    .optional()
    .catch(undefined),
  ranges: z
    .array(z.array(z.object({ gateway: z.string().optional() })))
    .optional()
    .catch(undefined),
});
const plugin = z.object({ ipam: ipam.optional().catch(undefined) });
const configuration = z.object({ ...plugin.shape, plugins: z.array(plugin).optional() });

function ipamsIn({ config }: NetworkAttachmentDefinition): z.infer<typeof ipam>[] {
  if (typeof config !== 'string' || config.trim() === '') return [];
  const { plugins, ...only } = configuration.parse(JSON.parse(config));
  return (plugins ?? [only]).flatMap((each) => each.ipam ?? []);
}

function gatewayIn(definition: NetworkAttachmentDefinition): string | undefined {
  const named = ipamsIn(definition).flatMap(({ gateway, addresses = [], ranges = [] }) => [
    gateway,
    ...addresses.map((each) => each.gateway),
    ...ranges.flat().map((each) => each.gateway),
  ]);
  return named.find((each) => each !== undefined && parseAddress(each) !== undefined);
}

function hasAddresses(definition: NetworkAttachmentDefinition): boolean {
  return ipamsIn(definition).some(({ addresses = [] }) => addresses.length > 0);
}

/**
 * The subnet that has what the network gives out. On Amazon Linux 2023 a master such as `ens6` does not
 * say which ENI it is.
 */
function subnetOf(
  { nodes, state }: View,
  { ips }: Wish,
  { namespace, name }: NetworkAttachmentDefinition,
): Subnet | undefined {
  const [range] = state.networks.byName.get(`${namespace}/${name}`)?.ranges ?? [];
  const given = parseInterfaceAddress(ips?.[0] ?? '');
  const address = given ?? (range && fromInteger(range.first, range.family));
  if (address === undefined) return undefined;
  const known = [...nodes.values()].flatMap((node) => [...node.state.subnets.values()]);
  return known.find(({ blocks }) => blocks.some((block) => contains(block, address)));
}

/** The VPC's router has a subnet's first address (Amazon VPC User Guide, "Subnet CIDR blocks"). */
function routerOf(subnet: Subnet | undefined): string | undefined {
  const block = subnet?.blocks.find(({ family }) => family === 4);
  return block && fromInteger(block.first + 1n, 4);
}
