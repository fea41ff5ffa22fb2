import * as z from 'zod';
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

/** EC2 does not document the text for an IPv6 address in use, so an unknown one may mean that. */
export function mayBeElsewhere({ kind }: Pick<Refusal, 'kind'>): boolean {
  return kind === 'elsewhere' || kind === 'unexplained';
}

const TEXTS: readonly (readonly [RegExp, Refusal['kind']])[] = [
  [/assigned, but move is not allowed/i, 'elsewhere'],
  [/does not fall within the subnet/i, 'outside-subnet'],
  [/reserved (address )?range/i, 'reserved'],
  [/not assigned to interface/i, 'not-assigned'],
  [/primary IP address of an interface cannot be unassigned/i, 'primary'],
];

const FULL = new Set(['PrivateIpAddressLimitExceeded', 'Ipv6AddressLimitExceeded']);

/** Codes with which EC2 asks to come back later (Amazon EC2 Developer Guide, "Request throttling"). */
const THROTTLED = new Set([
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);

/**
 * Codes that tell of the caller: of credentials, permissions, the account, the clock that signs.
 */
const ABOUT_THE_CALLER =
  /^(AccessDenied|AuthFailure$|Blocked$|DryRunOperation$|Expired|IncompleteSignature$|InvalidAccessKeyId$|InvalidClientTokenId$|InvalidIdentityToken|MissingAuthenticationToken|NotAuthorized|OptInRequired$|PendingVerification$|Request(Expired|InTheFuture|Timeout|TimeTooSkewed)|SignatureDoesNotMatch$|Unauthorized|UnrecognizedClient)/;

/** Codes that tell of the ENI, or of its instance. */
const ABOUT_THE_ENI =
  /^(IncorrectState$|IncorrectInstanceState$|InvalidInstance|InvalidNetworkInterface)/;

/** HTTP statuses that tell of no address, whatever the code. */
const NOT_ABOUT_ADDRESSES = new Set([401, 403, 407, 408, 429]);

const answered = z.object({ $metadata: z.object({ httpStatusCode: z.number() }) });

/**
 * Reads what an assign or unassign call was answered with. EC2 documents no list of the codes that
 * one bad address can get, so each client error is one that says nothing else (Amazon EC2
 * Developer Guide, "Error codes").
 *
 * @returns the refusal, or `undefined` for everything that says nothing of the addresses: a
 *   throttled or lost call, an ENI that is gone, missing rights.
 */
export function ec2RefusalOf(error: unknown, asked: readonly Address[]): Refusal | undefined {
  if (!(error instanceof Error) || !isAboutAddresses(error)) return undefined;
  const answer = error.message;
  const named = addressesIn(answer, asked);
  if (FULL.has(error.name)) return { kind: 'eni-full', named, answer };
  const kind = TEXTS.find(([text]) => text.test(answer))?.[1] ?? 'unexplained';
  return { kind, named, answer };
}

function isAboutAddresses(error: Error): boolean {
  const { name } = error;
  if (FULL.has(name) || name === 'InvalidParameterValue') return true;
  const status = answered.safeParse(error).data?.$metadata.httpStatusCode ?? 0;
  return (
    status >= 400 &&
    status < 500 &&
    !NOT_ABOUT_ADDRESSES.has(status) &&
    !isThrottled(error) &&
    !ABOUT_THE_CALLER.test(name) &&
    !ABOUT_THE_ENI.test(name)
  );
}

/** Whether EC2 failed because of one ENI, as far as the answer says: another ENI may be served. */
export function isOfOneEni(error: unknown): error is Error {
  if (!(error instanceof Error) || isThrottled(error)) return false;
  return ABOUT_THE_ENI.test(error.name) || error.name === 'InternalError';
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
