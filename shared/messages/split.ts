import type { NodeMessage } from './schema.ts';

/**
 * Splits a message by `pods`, `letGo` and `contested`, and an entry of the first two by `ips` where it
 * alone is too long, so that each message's JSON is at most `maxBytes` long. Order is kept.
 *
 * @throws RangeError where `maxBytes` does not even hold one entry with one address.
 */
export function split(message: NodeMessage, maxBytes: number): NodeMessage[] {
  if (bytesOf(message) <= maxBytes) return [message];
  const { letGo = [], contested = [], ...rest } = message;
  const bare = { ...rest, pods: [] };
  return [
    ...lists(rest.pods, maxBytes - bytesOf(bare)).map((pods) => ({ ...rest, pods })),
    ...lists(letGo, maxBytes - bytesOf({ ...bare, letGo: [] })).map((part) => ({
      ...bare,
      letGo: part,
    })),
    ...listsOf(contested, maxBytes - bytesOf({ ...bare, contested: [] })).map((part) => ({
      ...bare,
      contested: part,
    })),
  ];
}

/** The items, those that are too long in parts, as lists of at most `room` bytes. */
function lists<T extends { readonly ips: readonly string[] }>(items: readonly T[], room: number) {
  return listsOf(
    items.flatMap((item) => splitItem(item, room)),
    room,
  );
}

function listsOf<T>(items: readonly T[], room: number): T[][] {
  return items.length === 0 ? [] : pack(items, room);
}

function splitItem<T extends { readonly ips: readonly string[] }>(item: T, room: number): T[] {
  if (bytesOf(item) <= room) return [item];
  return pack(item.ips, room - bytesOf({ ...item, ips: [] })).map((ips) => ({ ...item, ips }));
}

/** Fills one list after the other with items whose JSON, with commas between them, is at most `room` bytes. */
function pack<T>(items: readonly T[], room: number): T[][] {
  if (room < 0) throw tooSmall(room);
  let list: T[] = [];
  const lists = [list];
  let left = room;
  for (const item of items) {
    const size = bytesOf(item);
    if (size > room) throw tooSmall(room - size);
    const needed = list.length === 0 ? size : size + 1;
    if (needed <= left) {
      list.push(item);
      left -= needed;
    } else {
      list = [item];
      lists.push(list);
      left = room - size;
    }
  }
  return lists;
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function tooSmall(missing: number): RangeError {
  return new RangeError(`the limit is ${-missing} bytes too small for a message about one address`);
}
