import type {
  MapAddress,
  MapChange,
  MapData,
  MapEni,
  MapNode,
  MapTrouble,
  State,
} from '../../console/data.ts';
import type { Family } from '../../shared/address.ts';
import type { Claim } from '../../shared/claims/claim.ts';
import type { Eni, Subnet } from '../../shared/enis/eni.ts';
import { describeProblem } from '../../shared/plan/problem.ts';
import { problemsOf } from '../../shared/plan/verdict.ts';
import type { Look } from '../access/access.ts';
import { printable } from '../output.ts';
import { stopText } from '../stop/command.ts';
import { brakeText } from '../view/brake.ts';
import { type AddressRow, rowsOf } from '../view/rows.ts';
import { blockTexts, podName, usedOf } from '../view/text.ts';
import type { NodeView, View } from '../view/view.ts';

/** What has been missing for less is shown as on its way: a reconcile begins within seconds, ms. */
const ON_ITS_WAY_MS = 60_000;
/** Of one text so much is shown. */
const LONGEST = 300;
/** So many addresses of one node are shown: no instance has more, and a pod may claim any number. */
const MOST_ADDRESSES = 2_000;
const MOST_TROUBLES = 20;

/**
 * What the page shows of a cluster that was read. Pure.
 *
 * @param look where the view is from: what an operator stopped there, and what the brake withholds.
 */
export function mapOf(
  view: View,
  look: Pick<Look, 'config' | 'stage' | 'letsGo' | 'stop'> = {},
): MapData {
  const nodes = [...view.nodes].map(([name, node]) => mapNode(view, name, node));
  const subnets = new Map<string, Subnet>();
  for (const { state } of view.nodes.values()) {
    for (const { managed, subnetId } of state.enis) {
      const subnet = managed ? state.subnets.get(subnetId) : undefined;
      if (subnet !== undefined) subnets.set(subnetId, subnet);
    }
  }
  const { stop } = look;
  const brake = brakeText(view, look);
  const held = [
    ...(stop === undefined ? [] : [`Stopped: ${stopText(stop)}.`]),
    ...(brake === undefined ? [] : [`The brake is on: ${brake}.`]),
  ];
  return {
    cluster: shown(view.cluster),
    readAt: view.readAt,
    nodes: nodes.toSorted(byName),
    subnets: [...subnets.values()].map((subnet) => ({ id: subnet.id, blocks: blockTexts(subnet) })),
    missing: [...held, ...view.missing].map(shown),
  };
}

/** What became of it; `undefined` if nothing did. Pure. */
export function changeOf(before: MapData, now: MapData): MapChange | undefined {
  const was = new Map(before.nodes.map((node) => [node.name, JSON.stringify(node)]));
  const is = new Set(now.nodes.map(({ name }) => name));
  const nodes = now.nodes.filter((node) => was.get(node.name) !== JSON.stringify(node));
  const gone = [...was.keys()].filter((name) => !is.has(name));
  const { readAt, subnets, missing } = now;
  const rest = ({ subnets, missing }: MapData): string => JSON.stringify([subnets, missing]);
  if (nodes.length === 0 && gone.length === 0 && rest(before) === rest(now)) return undefined;
  return { readAt, nodes, gone, subnets, missing };
}

function mapNode(view: View, name: string, node: NodeView): MapNode {
  const { enis, instanceId, limits, pods } = node.state;
  const claimOf = new Map<string, Claim>(
    pods.flatMap(({ pod, claims }) =>
      claims.map((claim) => [`${podName(pod)} ${claim.address}`, claim] as const),
    ),
  );
  const rows = rowsOf(name, node);
  const addresses = rows.slice(0, MOST_ADDRESSES).map((row): MapAddress => {
    const claim = claimOf.get(`${row.pod} ${row.address}`);
    const { address, eniId: eni, pod, text } = row;
    const state = stateOf(view, row, claim?.since);
    return cleaned({
      ...{ address, state, eni, pod, text, since: claim?.since },
      ...{ interface: claim?.interface, network: claim?.network },
    });
  });
  return {
    name: shown(name),
    instance: instanceId,
    enis: enis.toSorted(byDevice).map((eni) => mapEni(eni, limits)),
    addresses,
    troubles: troublesOf(node),
    more: rows.length - addresses.length,
  };
}

/** What pods are told that is about none of their addresses. */
function troublesOf({ drift }: NodeView): MapTrouble[] {
  const troubles = problemsOf(drift).flatMap((problem) =>
    'address' in problem
      ? []
      : [{ pod: shown(podName(problem.pod)), text: shown(describeProblem(problem)) }],
  );
  return troubles.slice(0, MOST_TROUBLES);
}

function stateOf({ policy, readAt }: View, { state, kind }: AddressRow, since = 0): State {
  switch (state) {
    case 'held':
      return 'assigned';
    case 'moving':
      return policy.writes ? 'on-its-way' : 'missing';
    case 'missing':
      return policy.writes && readAt - since < ON_ITS_WAY_MS ? 'on-its-way' : 'missing';
    case 'problem':
      return kind === 'conflict' || kind === 'held-elsewhere' ? 'conflict' : 'problem';
    default:
      return state;
  }
}

function mapEni(eni: Eni, limits: NodeView['state']['limits']): MapEni {
  const { id, deviceIndex, subnetId, mac, managed } = eni;
  const room = (family: Family, limit: number | undefined) => {
    return { used: usedOf(eni, family), ...(limit === undefined ? {} : { limit }) };
  };
  return {
    id,
    device: deviceIndex === undefined ? '' : `eth${deviceIndex}`,
    subnet: subnetId,
    mac,
    managed,
    ipv4: room(4, limits?.ipv4),
    ipv6: room(6, limits?.ipv6),
  };
}

/**
 * Shortens endless texts, and takes out of all what would change the direction of reading. What is
 * absent is left out.
 */
function cleaned<T extends object>(value: T): T {
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  const clean = entries.map(([name, each]) => [
    name,
    typeof each === 'string' ? shown(each) : each,
  ]);
  return { ...value, ...Object.fromEntries(clean) };
}

function shown(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
  return printable(cut);
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

function byDevice(a: Eni, b: Eni): number {
  return (a.deviceIndex ?? 0) - (b.deviceIndex ?? 0);
}
