import { type Address, parseAddress } from '../address.ts';

/**
 * Why EC2 refused an assign or unassign call; nothing of the call was done. The texts are
 * those that EC2 answers with today: a text that is not known is `unexplained`, never a guess.
 */
export type Refusal = {
  /** The addresses of the call that the answer names. */
  readonly named: readonly Address[];
  readonly answer: string;
} & (
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'eni-full' }
  | { readonly kind: 'outside-subnet' }
  | { readonly kind: 'reserved' }
  | { readonly kind: 'not-assigned' }
  | { readonly kind: 'primary' }
  | { readonly kind: 'unexplained' }
);

const TEXTS: readonly (readonly [RegExp, Refusal['kind']])[] = [
  [/assigned, but move is not allowed/i, 'elsewhere'],
  [/does not fall within the subnet/i, 'outside-subnet'],
  [/reserved range/i, 'reserved'],
  [/not assigned to interface/i, 'not-assigned'],
  [/primary IP address of an interface cannot be unassigned/i, 'primary'],
];

const FULL = new Set(['PrivateIpAddressLimitExceeded', 'Ipv6AddressLimitExceeded']);

/** EC2 API error codes that refuse the call for what it asks (EC2 API Reference, "Error codes"). */
const REFUSED = new Set(['InvalidParameterValue', 'InvalidParameterCombination']);

/** Codes with which EC2 asks to come back later (EC2 API Reference, "Request throttling"). */
const THROTTLED = new Set(['RequestLimitExceeded', 'Throttling', 'ThrottlingException']);

/**
 * Reads what an assign or unassign call was answered with.
 *
 * @returns the refusal, or `undefined` for everything that says nothing of the addresses: a
 *   throttled or lost call, an ENI that is gone, missing rights.
 */
export function refusalOf(error: unknown, asked: readonly Address[]): Refusal | undefined {
  if (!(error instanceof Error)) return undefined;
  const answer = error.message;
  const named = addressesIn(answer, asked);
  if (FULL.has(error.name)) return { kind: 'eni-full', named, answer };
  if (!REFUSED.has(error.name)) return undefined;
  const kind = TEXTS.find(([text]) => text.test(answer))?.[1] ?? 'unexplained';
  return { kind, named, answer };
}

export function isThrottled(error: unknown): boolean {
  return error instanceof Error && THROTTLED.has(error.name);
}

function addressesIn(text: string, asked: readonly Address[]): Address[] {
  const mentioned = new Set(
    text.split(/[^0-9A-Fa-f.:]+/).map((word) => parseAddress(word.replace(/[.:]$/, ''))),
  );
  return asked.filter((address) => mentioned.has(address));
}
