import type { MapData } from '../data.ts';
import { type Entry, type Filter, isOn } from './filter.ts';
import { type Block, type Cell, cellOf, type Item, lineItem, linesOf } from './items.ts';

/** An IPv4 block; addresses as numbers. */
interface Ipv4Block {
  readonly text: string;
  readonly first: number;
  readonly last: number;
}

/** What a row of blocks is high. */
const BLOCKS_HEIGHT = 324;
/** A subnet of so many addresses at most is shown whole, a larger one where something is. */
const WHOLE = 1024;
/** Of a subnet AWS keeps the first four addresses and the last (VPC User Guide, "Subnet sizing"). */
const RESERVED_FIRST = 4;

/**
 * The subnets as grids of addresses, 256 in each; IPv6 addresses as a line.
 *
 * @param perRow how many grids fit beside each other.
 */
export function subnetItems(data: MapData, filter: Filter, perRow: number): Item[] {
  const entries = data.nodes.flatMap(({ name, addresses }) =>
    addresses.map((address): Entry => ({ ...address, node: name })),
  );
  const subnetOf = new Map(
    data.nodes.flatMap(({ enis }) => enis.map(({ id, subnet }) => [id, subnet] as const)),
  );
  const bySubnet = Map.groupBy(entries, ({ eni = '' }) => subnetOf.get(eni) ?? '');
  const nowhere = bySubnet.get('') ?? [];
  const grids: Block[] = [];
  const rest: Item[] = [];
  for (const { id, blocks } of data.subnets) {
    const here = bySubnet.get(id) ?? [];
    for (const block of blocks.flatMap((text) => ipv4Block(text) ?? [])) {
      const inBlock = [...here, ...nowhere].filter(({ address }) => isIn(block, address));
      grids.push(...gridsOf(id, block, inBlock, filter));
    }
    rest.push(...ipv6Items(id, blocks, here, filter));
  }
  const rows = chunked(grids, perRow).map((some, at) => blocksItem(`grids ${at}`, some));
  return [...rows, ...rest];
}

function ipv6Items(
  subnet: string,
  blocks: readonly string[],
  entries: readonly Entry[],
  filter: Filter,
): Item[] {
  const ipv6 = entries.filter(({ address }) => address.includes(':'));
  const byAddress = Map.groupBy(ipv6, ({ address }) => address);
  const cells = [...byAddress].map(([address, some]) =>
    cellOf(`${subnet} ${address}`, some, filter),
  );
  if (cells.every(({ dim }) => dim)) return [];
  const text = blocks.filter((block) => block.includes(':')).join(', ');
  return [lineItem(`${subnet} IPv6`, subnet, text, linesOf('IPv6', cells, 0))];
}

function blocksItem(key: string, blocks: readonly Block[]): Item {
  const cells = blocks.flatMap((block) => block.cells);
  return { key, height: BLOCKS_HEIGHT, title: '', note: '', lines: [], blocks, cells };
}

/** The parts of 256 addresses of a subnet's block. */
function gridsOf(
  subnet: string,
  { text, first, last }: Ipv4Block,
  inBlock: readonly Entry[],
  filter: Filter,
): Block[] {
  const entries = Map.groupBy(inBlock, ({ address }) => toNumber(address));
  const byPart = Map.groupBy(entries, ([value]) => Math.floor(value / 256));
  const parts =
    last - first < WHOLE
      ? Array.from(
          { length: Math.ceil((last - first + 1) / 256) },
          (_, at) => Math.floor(first / 256) + at,
        )
      : [...byPart.keys()].toSorted((a, b) => a - b);
  return parts.flatMap((part) => {
    const cells = (byPart.get(part) ?? []).map(([value, some]) => {
      return { ...cellOf(`${subnet} ${value}`, some, filter), place: value % 256 };
    });
    if (isOn(filter) && cells.every(({ dim }) => dim)) return [];
    const kept = reservedIn(first, last, part).filter((value) => !entries.has(value));
    const reserved = kept.map((value) => ({
      ...reservedCell(subnet, value, filter),
      place: value % 256,
    }));
    const all = [...reserved, ...cells].toSorted((a, b) => a.place - b.place);
    const isWhole = last - first < 256;
    const title = isWhole ? `${text} ${subnet}` : `${toText(part * 256)}/24 of ${text} ${subnet}`;
    return [{ title, cells: all }];
  });
}

function reservedIn(first: number, last: number, part: number): number[] {
  const firsts = Array.from({ length: RESERVED_FIRST }, (_, at) => first + at);
  return [...firsts, last].filter((value) => Math.floor(value / 256) === part);
}

function reservedCell(subnet: string, value: number, filter: Filter): Cell {
  const address = toText(value);
  return {
    key: `${subnet} ${value}`,
    address,
    entries: [],
    state: 'reserved',
    dim: isOn(filter),
  };
}

function chunked<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, at) =>
    list.slice(at * size, (at + 1) * size),
  );
}

function ipv4Block(text: string): Ipv4Block | undefined {
  const [base = '', length = ''] = text.split('/');
  if (base.includes(':')) return undefined;
  const first = toNumber(base);
  return { text, first, last: first + 2 ** (32 - Number(length)) - 1 };
}

function isIn({ first, last }: Ipv4Block, address: string): boolean {
  if (address.includes(':')) return false;
  const value = toNumber(address);
  return value >= first && value <= last;
}

function toNumber(address: string): number {
  return address.split('.').reduce((value, octet) => value * 256 + Number(octet), 0);
}

function toText(value: number): string {
  return [24, 16, 8, 0].map((bits) => Math.floor(value / 2 ** bits) % 256).join('.');
}
