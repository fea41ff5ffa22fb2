import { type Address, type Family, familyOf } from '../address.ts';
import type { Eni, InstanceLimits } from '../enis/eni.ts';
import type { Assignment, Move, Placement } from './decision.ts';
import type { Problem } from './problem.ts';

interface RoomInput {
  readonly enis: readonly Eni[];
  readonly limits?: InstanceLimits;
  /** Oldest pods first: they are served first. */
  readonly assign: readonly Assignment[];
  readonly move: readonly Move[];
  readonly release: readonly Placement[];
}

interface Room {
  readonly assign: readonly Assignment[];
  readonly move: readonly Move[];
  /** Assignments that find no room. */
  readonly waiting: readonly Assignment[];
  /** `eni-full`, for what finds no room. */
  readonly problems: readonly Problem[];
}

/**
 * Leaves out what would exceed an ENI's addresses: one call over the limit is refused as a
 * whole. The primary address counts, and a delegated prefix counts as one (Amazon EC2 User
 * Guide, "IP addresses per network interface per instance type" and "prefix delegation").
 * What is released first makes room; so does a move for the ENI that it leaves, but only from
 * the next reconcile on, since the move itself may not find room.
 */
export function limitToRoom(input: RoomInput): Room {
  const { limits } = input;
  if (limits === undefined) {
    return { assign: input.assign, move: input.move, waiting: [], problems: [] };
  }
  const free = new Map<string, number>();
  for (const eni of input.enis) {
    for (const family of [4, 6] as const) {
      free.set(slot(eni.id, family), capacity(limits, family) - used(eni, family, input.release));
    }
  }
  const problems: Problem[] = [];
  const fits = ({ address, eniId, claim }: Assignment): boolean => {
    const key = slot(eniId, familyOf(address));
    const left = free.get(key) ?? 0;
    if (left > 0) {
      free.set(key, left - 1);
      return true;
    }
    problems.push({ pod: claim.pod, address, kind: 'eni-full', eniId });
    return false;
  };
  const move = input.move.filter(fits);
  const assign = input.assign.filter(fits);
  const waiting = input.assign.filter((assignment) => !assign.includes(assignment));
  return { assign, move, waiting, problems };
}

const slot = (eniId: string, family: Family): string => `${eniId}/${family}`;

function capacity(limits: InstanceLimits, family: Family): number {
  return family === 4 ? limits.ipv4 : limits.ipv6;
}

function used(eni: Eni, family: Family, release: readonly Placement[]): number {
  const ofFamily = (addresses: readonly Address[]): number =>
    addresses.filter((address) => familyOf(address) === family).length;
  const released = release.filter((placement) => placement.eniId === eni.id);
  return (
    ofFamily(eni.primary) +
    ofFamily(eni.secondary) +
    eni.prefixes.filter((prefix) => prefix.family === family).length -
    ofFamily(released.map((placement) => placement.address))
  );
}
