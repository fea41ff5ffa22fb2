import type { Address } from '../address.ts';
import { ec2RefusalOf, type Refusal } from '../enis/ec2-errors.ts';

/** What became of each address of a call. */
export interface CallOutcome {
  readonly done: readonly Address[];
  readonly refused: readonly { readonly address: Address; readonly refusal: Refusal }[];
}

/** How a refused call is taken apart if the answer does not say which addresses it is about. */
export interface Parts {
  /**
   * Addresses that are not worth a call each: they are on the ENI already, or were tried one by one.
   * The others are tried without them, and then they are tried in one call of their own.
   */
  readonly together?: ReadonlySet<Address>;
  /**
   * If the answer is of one of these kinds and names no address, `among` is asked which addresses of
   * the call are known to be the reason. If it knows none, the call is taken apart by halves.
   */
  readonly culprits?: {
    readonly of: readonly Refusal['kind'][];
    readonly among: (
      part: readonly Address[],
      kind: Refusal['kind'],
    ) => Promise<readonly Address[]>;
  };
}

/**
 * EC2 does all addresses of a call or none. One bad address must never block another. So a refused call
 * is repeated without the addresses that the answer names, or in parts if it names none.
 *
 * @param addresses of one family, in the order in which they are to be served.
 * @param call one EC2 call for these addresses.
 * @throws what `call` and `culprits` throw if that is no refusal.
 */
export async function allOrNothing(
  addresses: readonly Address[],
  call: (addresses: readonly Address[]) => Promise<void>,
  { together = new Set(), culprits }: Parts = {},
): Promise<CallOutcome> {
  const done: Address[] = [];
  const refused: { address: Address; refusal: Refusal }[] = [];
  let full: Refusal | undefined;

  const attempt = async (part: readonly Address[]): Promise<void> => {
    if (part.length === 0) return;
    if (full && !part.some((address) => together.has(address))) {
      refuse(part, full);
      return;
    }
    const refusal = await refusalOfCall(part, call);
    if (refusal === undefined) {
      done.push(...part);
      return;
    }
    const known = await culpritsOf(part, refusal);
    if (known.length > 0) {
      refuse(known, refusal);
      await attempt(part.filter((address) => !known.includes(address)));
      return;
    }
    const parts = partsOf(part, together);
    if (parts.length === 0) refuse(part, refusal);
    for (const smaller of parts) await attempt(smaller);
  };
  const culpritsOf = async (part: readonly Address[], { kind, named }: Refusal) => {
    if (named.length > 0 || part.length === 1 || !culprits?.of.includes(kind)) return named;
    return culprits.among(part, kind);
  };
  const refuse = (part: readonly Address[], refusal: Refusal): void => {
    refused.push(...part.map((address) => ({ address, refusal })));
    // Not one more fits: the addresses that follow need not be tried.
    if (refusal.kind === 'eni-full') full = refusal;
  };

  await attempt(addresses);
  return { done, refused };
}

/** What is to be tried in the place of a refused call; nothing if that is not worth it. */
function partsOf(
  part: readonly Address[],
  together: ReadonlySet<Address>,
): readonly (readonly Address[])[] {
  const alone = part.filter((address) => !together.has(address));
  if (alone.length < part.length) {
    const rest = part.filter((address) => together.has(address));
    return alone.length > 0 ? [alone, rest] : [];
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
    const refusal = ec2RefusalOf(error, part);
    if (refusal === undefined) throw error;
    return refusal;
  }
}
