import * as z from 'zod';
import { type Address, parseAddress } from '../address.ts';
import { FLOATING_IPS, MAX_ADDRESSES } from '../cluster/annotations.ts';
import { readJson, textAs } from '../text/read.ts';
import type { UnreadableAnnotation } from './claim.ts';

/** An address that a pod claims although no CNI plugin gave it to it. */
export interface FloatingIp {
  readonly address: Address;
  /** When this pod began to claim it, ms since the epoch. */
  readonly since?: number;
}

const floatingIp = z.preprocess(
  (json) => (typeof json === 'string' ? { ip: json } : json),
  z.object({
    ip: textAs(parseAddress, 'an address'),
    since: z.iso
      .datetime({ offset: true, error: 'not an RFC 3339 time such as 2026-01-31T12:00:00Z' })
      .transform((text) => Date.parse(text))
      .nullish(),
  }),
);

const floatingIps = z
  .array(z.unknown())
  .max(MAX_ADDRESSES, `more than ${MAX_ADDRESSES} addresses`)
  .pipe(z.array(floatingIp));

/**
 * Reads `multus-eni.dev/floating-ips`: a JSON list of addresses or of
 * `{ "ip", "since" }`. Of an address named twice the first entry counts.
 */
export function parseFloatingIps(
  annotations: Readonly<Record<string, string>>,
):
  | { readonly ok: true; readonly floating: readonly FloatingIp[] }
  | { readonly ok: false; readonly unreadable: UnreadableAnnotation } {
  const text = annotations[FLOATING_IPS] ?? '';
  if (text.trim() === '') return { ok: true, floating: [] };
  const list = readJson(text, floatingIps);
  if (!list.ok) {
    const { detail } = list;
    return {
      ok: false,
      unreadable: { kind: 'unreadable-annotation', annotation: FLOATING_IPS, detail },
    };
  }
  const byAddress = new Map<Address, FloatingIp>();
  for (const { ip, since } of list.value) {
    if (byAddress.has(ip)) continue;
    byAddress.set(ip, { address: ip, ...(since == null ? {} : { since }) });
  }
  return { ok: true, floating: [...byAddress.values()] };
}
