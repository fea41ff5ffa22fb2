import type { Family } from '../../shared/address.ts';
import type { Eni, InstanceLimits } from '../../shared/enis/eni.ts';
import { useOf } from '../../shared/plan/capacity.ts';
import { count } from '../output.ts';
import { roomOf } from '../view/text.ts';
import type { View } from '../view/view.ts';

/** How many addresses there are of a family, primary ones included, and how many more there may be. */
interface Room {
  readonly used: number;
  readonly free: number;
}

/** How full a node's managed ENIs are. */
export interface NodeRoom {
  readonly node: string;
  readonly enis: readonly {
    readonly eniId: string;
    readonly deviceIndex?: number;
    readonly ipv4: Room;
    readonly ipv6: Room;
  }[];
  /** Of IPv4, on all of them. */
  readonly used: number;
  readonly free: number;
  /** For people. */
  readonly text: string;
}

/** So many nodes are shown; `--json` has all. */
const SHOWN = 5;

/** How full the nodes' ENIs are, the fullest first. Without those of which EC2 does not say what they take. */
export function roomOfNodes({ nodes }: Pick<View, 'nodes'>): NodeRoom[] {
  return [...nodes]
    .flatMap(([node, { state }]) => {
      const managed = state.enis.filter(({ managed }) => managed);
      const { limits } = state;
      if (limits === undefined || managed.length === 0) return [];
      return [nodeRoom(node, managed, limits)];
    })
    .sort((a, b) => fullest(a) - fullest(b) || (a.node < b.node ? -1 : 1));
}

/** How many addresses the fullest of the node's ENIs takes. */
function fullest({ enis }: NodeRoom): number {
  return Math.min(...enis.map(({ ipv4 }) => ipv4.free));
}

function nodeRoom(node: string, managed: readonly Eni[], limits: InstanceLimits): NodeRoom {
  const room = (eni: Eni, family: Family): Room => {
    const { limit, used } = useOf(eni, limits, family);
    return { used, free: Math.max(0, limit - used) };
  };
  const sorted = managed.toSorted((a, b) => (a.deviceIndex ?? 0) - (b.deviceIndex ?? 0));
  const enis = sorted.map((eni) => {
    const { deviceIndex, id } = eni;
    const at = deviceIndex === undefined ? {} : { deviceIndex };
    return { eniId: id, ...at, ipv4: room(eni, 4), ipv6: room(eni, 6) };
  });
  const texts = sorted.map((eni) => `eth${eni.deviceIndex} ${roomOf(eni, limits)}`);
  const sum = (of: keyof Room): number => enis.reduce((total, { ipv4 }) => total + ipv4[of], 0);
  return { node, enis, used: sum('used'), free: sum('free'), text: `${node}, ${texts.join('; ')}` };
}

/** What is shown of it: all together, and the nodes that are fullest. */
export function roomTexts(rooms: readonly NodeRoom[]): string[] {
  if (rooms.length === 0) return [];
  const sum = (of: 'used' | 'free'): number => rooms.reduce((total, room) => total + room[of], 0);
  const rest = rooms.length - SHOWN;
  return [
    `${sum('used')} of ${sum('used') + sum('free')} IPv4 addresses of the ENIs are in use`,
    ...rooms.slice(0, SHOWN).map(({ text }) => text),
    ...(rest > 0 ? [`${count(rest, 'node')} with as much room or more: --json has all`] : []),
  ];
}
