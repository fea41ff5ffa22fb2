import {
  AssignIpv6AddressesCommand,
  AssignPrivateIpAddressesCommand,
  UnassignIpv6AddressesCommand,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import * as z from 'zod';
import { type Address, familyOf } from '../shared/address.ts';
import type { Ec2 } from '../shared/enis/ec2.ts';
import { ec2RefusalOf, isThrottled, type Refusal } from '../shared/enis/ec2-errors.ts';

/** Who sends calls. */
export interface Caller {
  readonly ec2: Ec2;
  readonly signal: AbortSignal | undefined;
}

/** What EC2 answered to a call about addresses. */
export type Answer = { readonly kind: 'accepted' } | Refused;

export interface Refused {
  readonly kind: 'refused';
  readonly code: string;
  readonly text: string;
  /** How the product reads the answer; absent if the answer tells the product nothing of the addresses. */
  readonly refusal: Refusal | undefined;
}

/**
 * Assigns addresses of one family. @throws what the SDK throws if EC2 refuses the caller, and not the call.
 */
export function assign(
  { ec2, signal }: Caller,
  NetworkInterfaceId: string,
  addresses: readonly Address[],
  { allowReassignment }: { readonly allowReassignment?: boolean } = {},
): Promise<Answer> {
  const options = { abortSignal: signal };
  return answerOf(addresses, () =>
    isIpv6(addresses)
      ? ec2.send(
          new AssignIpv6AddressesCommand({ NetworkInterfaceId, Ipv6Addresses: [...addresses] }),
          options,
        )
      : ec2.send(
          new AssignPrivateIpAddressesCommand({
            NetworkInterfaceId,
            PrivateIpAddresses: [...addresses],
            AllowReassignment: allowReassignment,
          }),
          options,
        ),
  );
}

/** Unassigns addresses of one family. Throws as `assign`. */
export function unassign(
  { ec2, signal }: Caller,
  NetworkInterfaceId: string,
  addresses: readonly Address[],
): Promise<Answer> {
  const options = { abortSignal: signal };
  return answerOf(addresses, () =>
    isIpv6(addresses)
      ? ec2.send(
          new UnassignIpv6AddressesCommand({ NetworkInterfaceId, Ipv6Addresses: [...addresses] }),
          options,
        )
      : ec2.send(
          new UnassignPrivateIpAddressesCommand({
            NetworkInterfaceId,
            PrivateIpAddresses: [...addresses],
          }),
          options,
        ),
  );
}

/** Has EC2 choose addresses. @throws what the SDK throws. */
export function assignByCount(
  { ec2, signal }: Caller,
  NetworkInterfaceId: string,
  family: 4 | 6,
  count: number,
): Promise<unknown> {
  const options = { abortSignal: signal };
  return family === 6
    ? ec2.send(
        new AssignIpv6AddressesCommand({ NetworkInterfaceId, Ipv6AddressCount: count }),
        options,
      )
    : ec2.send(
        new AssignPrivateIpAddressesCommand({
          NetworkInterfaceId,
          SecondaryPrivateIpAddressCount: count,
        }),
        options,
      );
}

const answered = z.object({ $metadata: z.object({ httpStatusCode: z.number() }) });

/** @throws what says nothing of the call: throttling, missing rights, no answer; NotMadeError. */
export async function answerOf(
  asked: readonly Address[],
  call: () => Promise<unknown>,
): Promise<Answer> {
  try {
    await call();
    return { kind: 'accepted' };
  } catch (error) {
    const status = answered.safeParse(error).data?.$metadata.httpStatusCode ?? 0;
    const isClients = status >= 400 && status < 500;
    if (!(error instanceof Error) || !isClients || isThrottled(error)) throw error;
    const { name: code, message: text } = error;
    return { kind: 'refused', code, text, refusal: ec2RefusalOf(error, asked) };
  }
}

function isIpv6([first]: readonly Address[]): boolean {
  return first !== undefined && familyOf(first) === 6;
}
