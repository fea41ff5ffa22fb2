import type { Address } from '../../shared/address.ts';
import type { Refusal } from '../../shared/enis/ec2-errors.ts';
import type { Eni } from '../../shared/enis/eni.ts';
import { type Answer, assign } from '../calls.ts';
import type { Check, Seen } from '../check.ts';
import { emptied, type Lab, READS, readUntil } from '../lab.ts';

/** A call that EC2 refuses as a whole. */
export interface RefusedCall extends Omit<Check, 'run' | 'calls' | 'expected'> {
  /** What the product may read the refusal as; `other` for what to it says nothing of addresses. */
  readonly kinds: readonly (Refusal['kind'] | 'other')[];
  readonly code?: string;
  /** Assigned before; otherwise the ENIs hold nothing but their primary addresses. */
  readonly given?: readonly [eni: 'a' | 'b', addresses: (lab: Lab) => readonly Address[]];
  readonly call: (lab: Lab, enis: ReadonlyMap<string, Eni>) => Promise<Answer>;
  /** The addresses that the answer has to name, and no others; absent: any. */
  readonly named?: (lab: Lab) => readonly Address[];
}

/**
 * The check of such a call: that it is refused, how the product reads that, and that nothing of it
 * was done.
 */
export function refused({ kinds, code, given, call, named, ...fact }: RefusedCall): Check {
  return {
    ...fact,
    expected: `${code ?? 'refused'}, read as ${kinds.join(' or ')}; nothing is done`,
    calls: 4 + 4 * READS,
    async run(lab) {
      const empty = await emptied(lab);
      const before = given ? await give(lab, given[0], given[1](lab)) : empty;
      const answer = await call(lab, before);
      const after = await readUntil(lab, (enis) => same(enis, before));
      return seenOf(answer, { kinds, code, named: named?.(lab) }, same(after, before));
    },
  };
}

/** @returns the ENIs once EC2 shows the addresses. Otherwise a later check would find them. */
async function give(
  lab: Lab,
  name: 'a' | 'b',
  addresses: readonly Address[],
): Promise<ReadonlyMap<string, Eni>> {
  const id = lab.id(name);
  await assign(lab, id, addresses);
  return readUntil(lab, (enis) => {
    const { secondary = [] } = enis.get(id) ?? {};
    return addresses.every((address) => secondary.includes(address));
  });
}

interface Awaited {
  readonly kinds: RefusedCall['kinds'];
  readonly code: string | undefined;
  readonly named: readonly Address[] | undefined;
}

function seenOf(answer: Answer, { kinds, code, named }: Awaited, unchanged: boolean): Seen {
  const effect = unchanged ? 'nothing is done' : 'the ENIs changed';
  if (answer.kind === 'accepted') return { asExpected: false, seen: `accepted; ${effect}` };
  const { refusal } = answer;
  const kind = refusal?.kind ?? 'other';
  const names = refusal?.named ?? [];
  const namesAll =
    named === undefined ||
    (names.length === named.length && named.every((each) => names.includes(each)));
  const wrong = namesAll ? '' : `; it names ${names.join(', ') || 'no address'}`;
  return {
    asExpected:
      kinds.includes(kind) && (code === undefined || answer.code === code) && namesAll && unchanged,
    seen: `${answer.code}: "${answer.text}", read as ${kind}${wrong}; ${effect}`,
  };
}

/** Whether the ENIs have the same addresses. */
function same(one: ReadonlyMap<string, Eni>, other: ReadonlyMap<string, Eni>): boolean {
  const text = (enis: ReadonlyMap<string, Eni>): string =>
    JSON.stringify(
      [...enis]
        .map(([id, { primary, secondary }]) => [id, primary, secondary.toSorted()])
        .toSorted(),
    );
  return text(one) === text(other);
}

/** A call that EC2 accepts, and what is on the ENIs then. */
export interface AcceptedCall extends Omit<Check, 'run' | 'calls'> {
  readonly prepare?: (lab: Lab) => Promise<unknown>;
  readonly call: (lab: Lab) => Promise<Answer>;
  /** The secondary addresses that the ENIs have afterwards. */
  readonly outcome: (lab: Lab) => Readonly<Record<'a' | 'b', readonly Address[]>>;
}

export function accepted({ prepare, call, outcome, ...fact }: AcceptedCall): Check {
  return {
    ...fact,
    calls: 5 + 3 * READS,
    async run(lab) {
      await emptied(lab);
      await prepare?.(lab);
      const answer = await call(lab);
      if (answer.kind === 'refused') {
        return { asExpected: false, seen: `${answer.code}: "${answer.text}"` };
      }
      const wanted = outcome(lab);
      const isIt = (enis: ReadonlyMap<string, Eni>): boolean =>
        (['a', 'b'] as const).every((name) => {
          const { secondary = [] } = enis.get(lab.id(name)) ?? {};
          return (
            secondary.length === wanted[name].length &&
            wanted[name].every((each) => secondary.includes(each))
          );
        });
      const enis = await readUntil(lab, isIt);
      if (isIt(enis)) return { asExpected: true, seen: 'accepted, and so it is' };
      const on = (name: 'a' | 'b') => enis.get(lab.id(name))?.secondary.join(', ') || 'nothing';
      return { asExpected: false, seen: `accepted; then a has ${on('a')}, b has ${on('b')}` };
    },
  };
}
