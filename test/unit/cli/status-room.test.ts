import { expect, test } from 'vitest';
import { type NodeRoom, roomTexts } from '../../../cli/status/room.ts';

test('of many nodes the fullest are shown', () => {
  const rooms: NodeRoom[] = Array.from({ length: 8 }, (_, index) => {
    return { node: `n${index}`, enis: [], used: 1, free: index, text: `n${index}: text` };
  });
  expect(roomTexts(rooms)).toEqual([
    '8 of 36 IPv4 addresses of the ENIs are in use',
    ...['n0: text', 'n1: text', 'n2: text', 'n3: text', 'n4: text'],
    '3 nodes with as much room or more: --json has all',
  ]);
  expect(roomTexts([])).toEqual([]);
});
