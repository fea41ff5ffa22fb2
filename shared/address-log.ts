import * as z from 'zod';
import type { Telemetry } from './telemetry.ts';

/** The text of the functions' log lines that tell of addresses. */
export const ADDRESS_CHANGES = 'addresses changed';

/**
 * What became of one address. `taken-over`: assigned after it was unassigned from `from`, an ENI of
 * another node. `refused`: a pod claims it and does not get it, for `why`.
 */
const addressChange = z.object({
  change: z.enum(['assigned', 'taken-over', 'released', 'refused']),
  address: z.string(),
  eni: z.string().optional(),
  /** `namespace/name`, of the pod that has it now or does not get it. */
  pod: z.string().optional(),
  uid: z.string().optional(),
  from: z.string().optional(),
  /** `namespace/name`, of the pod that had it before, if that is known. */
  lostBy: z.string().optional(),
  lostByUid: z.string().optional(),
  /** EC2's id of the request that did it; CloudTrail has it as `requestID`. */
  request: z.string().optional(),
  /** Of what was taken over: that of the request that unassigned it from `from`. */
  fromRequest: z.string().optional(),
  /** The kind of the problem. */
  why: z.string().optional(),
});
export type AddressChange = z.infer<typeof addressChange>;

/** A line as CloudWatch Logs has it; `multus-eni history` reads it, and docs/reference/log-lines.md shows it. */
export const addressLine = z.object({
  message: z.literal(ADDRESS_CHANGES),
  cluster: z.string(),
  node: z.string(),
  /** The reasons of the messages that had the node looked at. */
  reasons: z.array(z.string()),
  /** SQS's ids of these messages; lines of earlier versions do not have them. */
  messages: z.array(z.string()).optional(),
  changes: z.array(addressChange),
});

/** A log line holds 256 KiB at most (Amazon CloudWatch Logs User Guide, "CloudWatch Logs quotas"). */
const MAX_CHANGES = 250;

/**
 * Writes what became of a node's addresses, in as many lines as it needs. It writes nothing if nothing
 * changed.
 */
export function logAddressChanges(
  telemetry: Telemetry,
  subject: { readonly cluster: string; readonly node: string },
  asked: { readonly reasons: readonly string[]; readonly messages: readonly string[] },
  changes: readonly AddressChange[],
): void {
  for (let start = 0; start < changes.length; start += MAX_CHANGES) {
    const part = changes.slice(start, start + MAX_CHANGES);
    telemetry.info(ADDRESS_CHANGES, subject, { ...asked, changes: part });
  }
}
