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
 * What is released makes room, and so does what moves away: what needs that room is marked.
 */
export function limitToRoom(input: RoomInput): Room {
  const { limits } = input;
  const isNothing = input.assign.length === 0 && input.move.length === 0;
  if (limits === undefined || isNothing) {
    return { assign: input.assign, move: input.move, waiting: [], problems: [] };
  }
  let move = input.move;
  for (;;) {
    const leaving = move.map(({ address, fromEniId }) => ({ address, eniId: fromEniId }));
    const fits = fitting(freeOf(input.enis, limits, [...input.release, ...leaving]));
    const fitted = move.filter(fits);
    if (fitted.length === move.length) {
      const assign = input.assign.filter(fits);
      const waiting = without(input.assign, assign);
      const staying = without(input.move, move);
      const fitsNow = fitting(freeOf(input.enis, limits, []));
      const marked = <A extends Assignment>(each: A): A =>
        fitsNow(each) ? each : { ...each, needsRoom: true };
      // In this order: a move's place is not for what is assigned meanwhile.
      return {
        move: move.map(marked),
        assign: assign.map(marked),
        waiting,
        problems: [...staying, ...waiting].map(full),
      };
    }
    // What does not move after all leaves no room where it is, which others may have counted on.
    move = fitted;
  }
}

function without<T>(all: readonly T[], some: readonly T[]): T[] {
  const left = new Set(all);
  for (const each of some) left.delete(each);
  return [...left];
}

function full({ address, eniId, claim }: Assignment): Problem {
  return { pod: claim.pod, address, kind: 'eni-full', eniId };
}

/** Of the addresses of one family that an ENI may have: those that it has, its primary and prefixes among them. */
export interface EniUse {
  readonly used: number;
  readonly limit: number;
}

/** How full an ENI is. */
export function useOf(eni: Eni, limits: InstanceLimits, family: Family): EniUse {
  return { used: used(eni, family, []), limit: capacity(limits, family) };
}

/** Takes a place for each assignment that it is asked about, as long as there is one. */
function fitting(free: Map<string, number>): (assignment: Assignment) => boolean {
  return ({ address, eniId }) => {
    const key = slot(eniId, familyOf(address));
    const left = free.get(key) ?? 0;
    free.set(key, left - 1);
    return left > 0;
  };
}

/**
 * How many more addresses each ENI takes of each family, once `leaving` has left.
 *
 * @returns by `slot`; less than zero where an ENI has more than its instance type says.
 */
export function freeOf(
  enis: readonly Eni[],
  limits: InstanceLimits,
  leaving: readonly Placement[],
): Map<string, number> {
  return new Map(
    enis.flatMap((eni) =>
      ([4, 6] as const).map((family) => [
        slot(eni.id, family),
        capacity(limits, family) - used(eni, family, leaving),
      ]),
    ),
  );
}

export const slot = (eniId: string, family: Family): string => `${eniId}/${family}`;

function capacity(limits: InstanceLimits, family: Family): number {
  return family === 4 ? limits.ipv4 : limits.ipv6;
}

function used(eni: Eni, family: Family, leaving: readonly Placement[]): number {
  const ofFamily = (addresses: readonly Address[]): number =>
    addresses.filter((address) => familyOf(address) === family).length;
  const left = leaving.filter((placement) => placement.eniId === eni.id);
  return (
    ofFamily(eni.primary) +
    ofFamily(eni.secondary) +
    eni.prefixes.filter((prefix) => prefix.family === family).length -
    ofFamily(left.map((placement) => placement.address))
  );
}
