import type { Address } from '../address.ts';
import { type Refusal, refusalOf } from './ec2-errors.ts';

/** What became of each address of a call. */
export interface Outcome {
  readonly done: readonly Address[];
  readonly refused: readonly { readonly address: Address; readonly refusal: Refusal }[];
}

/**
 * EC2 does all addresses of a call or none. So that one bad address never blocks another, a
 * refused call is repeated without the addresses that the answer names, or in parts where it
 * names none.
 *
 * @param addresses of one family, in the order in which they are to be served.
 * @param call one EC2 call for these addresses.
 * @param kept those of `addresses` that go along for safety, as they are there already: where a call
 *   with them is refused, the others are tried without them, and they once by themselves.
 * @throws what `call` throws where that is no refusal.
 */
export async function allOrNothing(
  addresses: readonly Address[],
  call: (addresses: readonly Address[]) => Promise<void>,
  kept: ReadonlySet<Address> = new Set(),
): Promise<Outcome> {
  const done: Address[] = [];
  const refused: { address: Address; refusal: Refusal }[] = [];
  let full: Refusal | undefined;

  const attempt = async (part: readonly Address[]): Promise<void> => {
    if (part.length === 0) return;
    const isKept = part.some((address) => kept.has(address));
    if (full && !isKept) {
      refuse(part, full);
      return;
    }
    const refusal = await refusalOfCall(part, call);
    if (refusal === undefined) {
      done.push(...part);
    } else if (refusal.named.length > 0) {
      refuse(refusal.named, refusal);
      await attempt(part.filter((address) => !refusal.named.includes(address)));
    } else {
      const parts = partsOf(part, kept);
      if (parts.length === 0) refuse(part, refusal);
      for (const smaller of parts) await attempt(smaller);
    }
  };
  const refuse = (part: readonly Address[], refusal: Refusal): void => {
    refused.push(...part.map((address) => ({ address, refusal })));
    // Not one more fits: the addresses that follow need not be tried.
    if (refusal.kind === 'eni-full') full = refusal;
  };

  await attempt(addresses);
  return { done, refused };
}

/** What is to be tried in the place of a refused call: those that are wanted before those that are kept. */
function partsOf(
  part: readonly Address[],
  kept: ReadonlySet<Address>,
): readonly (readonly Address[])[] {
  const wanted = part.filter((address) => !kept.has(address));
  if (wanted.length < part.length) {
    const safe = part.filter((address) => kept.has(address));
    // What is there already is not worth a call for each: EC2 may count it, or refuse it as it is.
    return wanted.length > 0 ? [wanted, safe] : [];
  }
  const half = Math.ceil(part.length / 2);
  return part.length > 1 ? [part.slice(0, half), part.slice(half)] : [];
}

async function refusalOfCall(
  part: readonly Address[],
  call: (addresses: readonly Address[]) => Promise<void>,
): Promise<Refusal | undefined> {
  try {
    await call(part);
    return undefined;
  } catch (error) {
    const refusal = refusalOf(error, part);
    if (refusal === undefined) throw error;
    return refusal;
  }
}
