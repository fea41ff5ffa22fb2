import { type MapData, type MapEni, type MapNode, STATES } from '../data.ts';
import type { Shown } from '../words.ts';
import { type Entry, type Filter, isOn, matches, matchesTrouble } from './filter.ts';

/** One place of the map. */
export interface Cell {
  /** The same for the same place, also after a change. */
  readonly key: string;
  readonly address: string;
  /** Who has or claims it; none if AWS keeps it. */
  readonly entries: readonly Entry[];
  readonly state: Shown;
  /** It is not asked for. */
  readonly dim: boolean;
}

/** Cells beside each other. */
export interface CellLine {
  readonly label: string;
  readonly cells: readonly Cell[];
  /** How many places there are beyond the cells. */
  readonly free: number;
}

/** 256 addresses as 16 × 16 places. */
export interface Block {
  readonly title: string;
  readonly cells: readonly (Cell & { readonly place: number })[];
}

/** One row of the list. */
export interface Item {
  readonly key: string;
  /** In pixels: rows that are not in view are not made, so it has to be known. */
  readonly height: number;
  readonly title: string;
  readonly note: string;
  readonly lines: readonly CellLine[];
  readonly blocks: readonly Block[];
  /** All of it, in the order of the keyboard. */
  readonly cells: readonly Cell[];
}

const PER_LINE = 50;
const HEAD_HEIGHT = 29;
const LINE_HEIGHT = 22;

/** A row of lines. */
export function lineItem(
  key: string,
  title: string,
  note: string,
  lines: readonly CellLine[],
): Item {
  const height = HEAD_HEIGHT + LINE_HEIGHT * lines.length;
  return {
    key,
    height,
    title,
    note,
    lines,
    blocks: [],
    cells: lines.flatMap(({ cells }) => cells),
  };
}

/** Entries of one address as one place: the worst of them gives the colour. */
export function cellOf(key: string, entries: readonly Entry[], filter: Filter): Cell {
  const state = STATES.find((each) => entries.some((entry) => entry.state === each)) ?? 'foreign';
  const dim = isOn(filter) && !entries.some((entry) => matches(filter, entry));
  return { key, address: entries[0]?.address ?? '', entries, state, dim };
}

/** Cells in lines of fifty, of which the last has the free places. */
export function linesOf(label: string, cells: readonly Cell[], free: number): CellLine[] {
  const lines: CellLine[] = [];
  for (let at = 0; at === 0 || at < cells.length; at += PER_LINE) {
    const some = cells.slice(at, at + PER_LINE);
    const isLast = at + PER_LINE >= cells.length;
    const room = Math.min(free, PER_LINE - some.length);
    lines.push({ label: at === 0 ? label : '', cells: some, free: isLast ? room : 0 });
  }
  return lines;
}

function lineOf(label: string): CellLine {
  return { label, cells: [], free: 0 };
}

/** One row for each node, with a line for each of its ENIs and address family. */
export function nodeItems(data: MapData, filter: Filter): Item[] {
  return data.nodes.flatMap((node) => nodeItem(node, filter) ?? []);
}

function nodeItem(node: MapNode, filter: Filter): Item | undefined {
  const { name, instance, enis, addresses, more } = node;
  const troubles = node.troubles.filter((trouble) => matchesTrouble(filter, trouble));
  const entries = addresses.map((address): Entry => ({ ...address, node: name }));
  const isFound = troubles.length > 0 || entries.some((entry) => matches(filter, entry));
  if (isOn(filter) && !isFound) return undefined;
  const byEni = Map.groupBy(entries, ({ eni }) => eni ?? '');
  const known = new Set(enis.map(({ id }) => id));
  const nowhere = entries.filter(({ eni }) => eni === undefined || !known.has(eni));
  const lines = enis.flatMap((eni) => eniLines(eni, byEni.get(eni.id) ?? [], name, filter));
  if (nowhere.length > 0) {
    lines.push(...linesOf('on no ENI of the node', cellsOf(nowhere, name, filter), 0));
  }
  lines.push(...troubles.map(({ pod, text }) => lineOf(`${pod}: ${text}`)));
  const note = more > 0 ? `${instance}; ${more} more addresses are not shown` : instance;
  return lineItem(name, name, note, lines);
}

function eniLines(
  eni: MapEni,
  entries: readonly Entry[],
  node: string,
  filter: Filter,
): CellLine[] {
  const { id, device, managed, ipv4, ipv6 } = eni;
  const name = device === '' ? id : `${device} ${id}`;
  if (!managed) return [lineOf(`${name} not managed`)];
  const of = (isIpv6: boolean) =>
    cellsOf(
      entries.filter(({ address }) => address.includes(':') === isIpv6),
      `${node} ${id}`,
      filter,
    );
  const room = (cells: readonly Cell[], { used, limit = 0 }: MapEni['ipv4']): number =>
    Math.max(0, limit - Math.max(used, cells.length));
  const [four, six] = [of(false), of(true)];
  const count = ({ used, limit }: MapEni['ipv4']): string => `${used} of ${limit ?? '?'}`;
  return [
    ...linesOf(`${name} ${count(ipv4)}`, four, room(four, ipv4)),
    ...(six.length > 0 ? linesOf(`IPv6 ${count(ipv6)}`, six, room(six, ipv6)) : []),
  ];
}

function cellsOf(entries: readonly Entry[], where: string, filter: Filter): Cell[] {
  const byAddress = Map.groupBy(entries, ({ address }) => address);
  return [...byAddress].map(([address, some]) => cellOf(`${where} ${address}`, some, filter));
}
