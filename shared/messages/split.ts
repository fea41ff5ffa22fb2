import type { NodeMessage, PodEvent } from './schema.ts';

/**
 * Splits a message by `pods`, and a pod's event by `ips` where it alone is too long, so
 * that each message's JSON is at most `maxBytes` long. Order is kept.
 *
 * @throws RangeError where `maxBytes` does not even hold one pod's event with one address.
 */
export function split(message: NodeMessage, maxBytes: number): NodeMessage[] {
  const room = maxBytes - bytesOf({ ...message, pods: [] });
  const events = message.pods.flatMap((event) => splitEvent(event, room));
  return pack(events, room).map((pods) => ({ ...message, pods }));
}

function splitEvent(event: PodEvent, room: number): PodEvent[] {
  if (bytesOf(event) <= room) return [event];
  return pack(event.ips, room - bytesOf({ ...event, ips: [] })).map((ips) => ({ ...event, ips }));
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
