import type { Item } from './items.ts';

/** A cell of a row, by their numbers. */
export interface Place {
  readonly row: number;
  readonly cell: number;
}

/** The row that is at a height. */
export function rowAt(tops: readonly number[], y: number): number {
  let [low, high] = [0, tops.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((tops[middle] ?? 0) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

export function placeOfKey(items: readonly Item[], key: string): Place | undefined {
  for (const [row, { cells }] of items.entries()) {
    const cell = cells.findIndex((each) => each.key === key);
    if (cell >= 0) return { row, cell };
  }
  return undefined;
}

/** Where a key leads; `undefined` for one that leads nowhere. */
export function moved(
  items: readonly Item[],
  from: Place | undefined,
  key: string,
): Place | undefined {
  const step = (row: number, by: 1 | -1): number | undefined => {
    let at = row;
    while (at >= 0 && at < items.length && items[at]?.cells.length === 0) at += by;
    return at >= 0 && at < items.length ? at : undefined;
  };
  const first = step(0, 1);
  const last = step(items.length - 1, -1);
  const at = (row: number | undefined, cell = 0): Place | undefined => {
    if (row === undefined) return from;
    const cells = items[row]?.cells.length ?? 0;
    return { row, cell: Math.min(cell, cells - 1) };
  };
  if (!['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End'].includes(key)) return;
  if (from === undefined || key === 'Home') return at(first);
  const { row, cell } = from;
  const count = items[row]?.cells.length ?? 0;
  switch (key) {
    case 'ArrowRight':
      return cell + 1 < count ? { row, cell: cell + 1 } : at(step(row + 1, 1));
    case 'ArrowLeft':
      return cell > 0 ? { row, cell: cell - 1 } : at(step(row - 1, -1), Number.POSITIVE_INFINITY);
    case 'ArrowUp':
      return at(step(row - 1, -1), cell);
    case 'ArrowDown':
      return at(step(row + 1, 1), cell);
    default:
      return at(last);
  }
}
