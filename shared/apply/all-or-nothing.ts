import type { Address } from '../address.ts';
import { type Refusal, refusalOf } from './ec2-errors.ts';

/** What became of each address of a call. */
export interface Outcome {
  readonly done: readonly Address[];
  readonly refused: readonly { readonly address: Address; readonly refusal: Refusal }[];
}

/**
 * EC2 does all addresses of a call or none. So that one bad address never blocks another, a
 * refused call is repeated without the addresses that the answer names, or in halves where it
 * names none.
 *
 * @param addresses of one family, in the order in which they are to be served.
 * @param call one EC2 call for these addresses.
 * @throws what `call` throws where that is no refusal.
 */
export async function allOrNothing(
  addresses: readonly Address[],
  call: (addresses: readonly Address[]) => Promise<void>,
): Promise<Outcome> {
  const done: Address[] = [];
  const refused: { address: Address; refusal: Refusal }[] = [];
  let full: Refusal | undefined;

  const attempt = async (part: readonly Address[]): Promise<void> => {
    if (part.length === 0) return;
    if (full) {
      refuse(part, full);
      return;
    }
    const refusal = await refusalOfCall(part, call);
    if (refusal === undefined) {
      done.push(...part);
    } else if (refusal.named.length > 0 || part.length === 1) {
      const culprits = refusal.named.length > 0 ? refusal.named : part;
      refuse(culprits, refusal);
      await attempt(part.filter((address) => !culprits.includes(address)));
    } else {
      const half = Math.ceil(part.length / 2);
      await attempt(part.slice(0, half));
      await attempt(part.slice(half));
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
