import { describe, expect, test } from 'vitest';
import type { MapAddress, MapData, MapNode } from '../../../console/data.ts';
import type { Filter } from '../../../console/page/filter.ts';
import { nodeItems } from '../../../console/page/items.ts';
import { moved } from '../../../console/page/places.ts';
import { subnetItems } from '../../../console/page/subnet-items.ts';

const ALL: Filter = { text: '', states: new Set() };

function address(text: string, more: Partial<MapAddress> = {}): MapAddress {
  return { address: text, state: 'assigned', eni: 'eni-1', text: '', ...more };
}

function node(
  name: string,
  addresses: readonly MapAddress[],
  more: Partial<MapNode> = {},
): MapNode {
  const room = { ipv4: { used: 2, limit: 10 }, ipv6: { used: 0, limit: 10 } };
  const eni = { id: 'eni-1', device: 'eth1', subnet: 'subnet-1', mac: '', managed: true, ...room };
  return { name, instance: 'i-1', enis: [eni], addresses, troubles: [], more: 0, ...more };
}

function mapOf(...nodes: readonly MapNode[]): MapData {
  const subnets = [{ id: 'subnet-1', blocks: ['172.16.1.0/24', '2600:1f18::/64'] }];
  return { cluster: 'demo', readAt: 0, nodes, subnets, missing: [] };
}

describe('the row of a node', () => {
  test('has a bar for each ENI, with the room that is left', () => {
    const [item] = nodeItems(
      mapOf(node('a', [address('172.16.1.4'), address('172.16.1.70')])),
      ALL,
    );
    expect(item?.lines).toMatchObject([{ label: 'eth1 eni-1 2 of 10', free: 8 }]);
    expect(item?.cells.map((cell) => cell.address)).toEqual(['172.16.1.4', '172.16.1.70']);
  });

  test('shows the worst of what several pods have with one address', () => {
    const two = [address('172.16.1.70'), address('172.16.1.70', { state: 'conflict' })];
    const [item] = nodeItems(mapOf(node('a', two)), ALL);
    expect(item?.cells).toMatchObject([{ state: 'conflict', entries: { length: 2 } }]);
  });

  test('has a line for IPv6, one for what is on no ENI, and fifty places in a line', () => {
    const many = Array.from({ length: 60 }, (_, at) => address(`172.16.1.${at}`));
    const others = [address('2600:1f18::1'), address('172.16.1.99', { eni: undefined })];
    const [item] = nodeItems(mapOf(node('a', [...many, ...others])), ALL);
    expect(item?.lines.map(({ label, cells }) => [label.slice(0, 4), cells.length])).toEqual([
      ['eth1', 50],
      ['', 10],
      ['IPv6', 1],
      ['on n', 1],
    ]);
  });

  test('has the pods that no address stands for, and is found by them', () => {
    const troubles = [{ pod: 'default/app', text: 'cannot be read' }];
    const data = mapOf(node('a', [], { troubles }), node('b', [address('172.16.1.70')]));
    const label = 'default/app: cannot be read';
    const problems: Filter = { ...ALL, states: new Set(['problem']) };
    for (const filter of [ALL, { ...ALL, text: 'app' }, problems]) {
      const [item] = nodeItems(data, filter);
      expect(item?.lines.at(-1)).toMatchObject({ label, cells: [] });
    }
    expect(nodeItems(data, { ...ALL, states: new Set(['leaked']) })).toEqual([]);
  });

  test('is left out if nothing is asked for, and the rest of it is dim', () => {
    const a = node('a', [address('172.16.1.70', { pod: 'default/App' }), address('172.16.1.71')]);
    const items = nodeItems(mapOf(a, node('b', [address('172.16.1.72')])), { ...ALL, text: 'app' });
    expect(items.map(({ title }) => title)).toEqual(['a']);
    expect(items[0]?.cells.map(({ dim }) => dim)).toEqual([false, true]);
  });
});

describe('the grid of a subnet', () => {
  test('has each address at its place, and what AWS keeps', () => {
    const data = mapOf(node('a', [address('172.16.1.70'), address('2600:1f18::1')]));
    const [grids, ipv6] = subnetItems(data, ALL, 3);
    const places = grids?.blocks[0]?.cells.map(({ place, state }) => [place, state]);
    const kept = [0, 1, 2, 3].map((place) => [place, 'reserved']);
    expect(places).toEqual([...kept, [70, 'assigned'], [255, 'reserved']]);
    expect(ipv6?.lines).toMatchObject([{ label: 'IPv6', cells: { length: 1 } }]);
  });

  test('of a large subnet is there where something is', () => {
    const data = mapOf(node('a', [address('10.1.7.70'), address('10.1.9.71')]));
    const large = { ...data, subnets: [{ id: 'subnet-1', blocks: ['10.1.0.0/16'] }] };
    const titles = subnetItems(large, ALL, 1).map(({ blocks }) => blocks[0]?.title);
    expect(titles).toEqual([
      '10.1.7.0/24 of 10.1.0.0/16 subnet-1',
      '10.1.9.0/24 of 10.1.0.0/16 subnet-1',
    ]);
  });
});

test('the keys lead from address to address, over rows that have none', () => {
  const data = mapOf(
    node('a', [address('172.16.1.1'), address('172.16.1.2')]),
    node('b', []),
    node('c', [address('172.16.1.3')]),
  );
  const items = nodeItems(data, ALL);
  const at = (row: number, cell: number) => ({ row, cell });
  expect(moved(items, undefined, 'ArrowDown')).toEqual(at(0, 0));
  expect(moved(items, at(0, 0), 'ArrowRight')).toEqual(at(0, 1));
  expect(moved(items, at(0, 1), 'ArrowRight')).toEqual(at(2, 0));
  expect(moved(items, at(2, 0), 'ArrowLeft')).toEqual(at(0, 1));
  expect(moved(items, at(0, 1), 'ArrowDown')).toEqual(at(2, 0));
  expect(moved(items, at(2, 0), 'ArrowDown')).toEqual(at(2, 0));
  expect(moved(items, at(0, 0), 'End')).toEqual(at(2, 0));
  expect(moved(items, at(2, 0), 'x')).toBeUndefined();
});
