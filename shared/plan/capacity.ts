import { type Address, type Family, familyOf } from '../address.ts';
import type { Eni, InstanceLimits } from '../enis/eni.ts';
import type { PlacedClaim } from './place-claims.ts';
import type { ClaimProblem } from './problem.ts';
import {
  type Assign,
  type Assignment,
  type Move,
  type Placement,
  type Verdict,
  wanting,
} from './verdict.ts';

interface RoomInput {
  readonly enis: readonly Eni[];
  readonly limits?: InstanceLimits;
}

/**
 * Has wait what would exceed an ENI's addresses: one call over the limit is refused as a
 * whole. The primary address counts, and a delegated prefix counts as one (Amazon EC2 User
 * Guide, "IP addresses per network interface per instance type" and "prefix delegation").
 * What is released makes room, and so does what moves away: what needs that room is marked. A rival on another ENI
 * than the speaker's has to have room there now: otherwise its holder would pass the address on to nobody.
 *
 * @param verdicts of the oldest pods first: they are served first.
 * @returns the same verdicts, of which some wait, and some are refused as `eni-full`.
 */
export function limitToRoom(verdicts: readonly Verdict[], { enis, limits }: RoomInput): Verdict[] {
  const assigns = wanting(verdicts, 'assign');
  const moves = wanting(verdicts, 'move');
  if (limits === undefined || assigns.length + moves.length === 0) return [...verdicts];
  const releases = wanting(verdicts, 'release');
  let fittingMoves = moves;
  for (;;) {
    const leaving = fittingMoves.map(({ address, from }) => ({ address, eniId: from }));
    const fits = fitting(freeOf(enis, limits, [...releases, ...leaving]));
    // In this order: a move's place is not for what is assigned meanwhile.
    const moving = fittingMoves.filter(fits);
    if (moving.length === fittingMoves.length) {
      const placed = new Set<Verdict>([...moving, ...assigns.filter(fits)]);
      const fitsNow = fitting(freeOf(enis, limits, []));
      const now = new Set<Verdict>(
        [...moving, ...assigns].filter((each) => placed.has(each) && fitsNow(each)),
      );
      const mayGet =
        ({ address, eniId }: Assign | Move) =>
        (rival: PlacedClaim) =>
          rival.eniId !== undefined &&
          (rival.eniId === eniId || fitsNow({ address, eniId: rival.eniId }));
      return verdicts.map((given): Verdict => {
        if (given.want !== 'assign' && given.want !== 'move') return given;
        const verdict = { ...given, rivals: given.rivals.filter(mayGet(given)) };
        if (placed.has(given)) return now.has(given) ? verdict : { ...verdict, needsRoom: true };
        const problem = full(verdict);
        if (verdict.want === 'assign') return { ...verdict, want: 'wait', problem };
        const { address, pod } = problem;
        return { want: 'refuse', address, pod, problem };
      });
    }
    // What does not move after all leaves no room on its ENI, although others may have counted on that
    // room.
    fittingMoves = moving;
  }
}

function full({ address, eniId, claim }: Assignment): ClaimProblem {
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
function fitting(free: Map<string, number>): (assignment: Placement) => boolean {
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
 * @returns by `slot`; less than zero if an ENI has more than its instance type says.
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
