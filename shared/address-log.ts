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
  from: z.string().optional(),
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
  changes: z.array(addressChange),
});

/** A log line holds 256 KiB at most (Amazon CloudWatch Logs User Guide, "CloudWatch Logs quotas"). */
const MAX_CHANGES = 500;

/** Writes what became of a node's addresses, in as many lines as it needs; nothing where nothing changed. */
export function logAddressChanges(
  telemetry: Telemetry,
  subject: { readonly cluster: string; readonly node: string },
  reasons: readonly string[],
  changes: readonly AddressChange[],
): void {
  for (let start = 0; start < changes.length; start += MAX_CHANGES) {
    const part = changes.slice(start, start + MAX_CHANGES);
    telemetry.info(ADDRESS_CHANGES, subject, { reasons, changes: part });
  }
}
