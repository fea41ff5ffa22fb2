import * as z from 'zod';
import { type Address, parseAddress } from '../address.ts';
import { FLOATING_IPS, MAX_ADDRESSES } from '../cluster/annotations.ts';
import { type Read, readJson, textAs, whatIsWrong } from '../text/read.ts';
import { tooManyAddresses, type UnreadableAnnotation } from './claim.ts';
import { readOnce } from './read-once.ts';

/** An address that a pod claims although no CNI plugin gave it to it. */
export interface FloatingIp {
  readonly address: Address;
  /** When this pod began to claim it, ms since the epoch. */
  readonly since?: number;
}

/** What a pod claims as floating, if that can be read. */
type FloatingIps =
  | { readonly ok: true; readonly floating: readonly FloatingIp[] }
  | { readonly ok: false; readonly unreadable: UnreadableAnnotation };

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

const entries = z.array(z.unknown());
const floatingIps = z.array(floatingIp);

/**
 * Reads `multus-eni.dev/floating-ips`: a JSON list of addresses or of
 * `{ "ip", "since" }`. Of an address named twice the first entry counts.
 */
export const parseFloatingIps = readOnce((annotations): FloatingIps => {
  const text = annotations[FLOATING_IPS] ?? '';
  if (!/\S/.test(text)) return { ok: true, floating: [] };
  const list = readJson(text, entries);
  // Before each of them is looked at.
  if (list.ok && list.value.length > MAX_ADDRESSES) {
    return { ok: false, unreadable: tooManyAddresses(FLOATING_IPS) };
  }
  const read = list.ok ? readEntries(list.value) : list;
  if (!read.ok) {
    const { detail } = read;
    return {
      ok: false,
      unreadable: { kind: 'unreadable-annotation', annotation: FLOATING_IPS, detail },
    };
  }
  const byAddress = new Map<Address, FloatingIp>();
  for (const { ip, since } of read.value) {
    if (byAddress.has(ip)) continue;
    byAddress.set(ip, { address: ip, ...(since == null ? {} : { since }) });
  }
  return { ok: true, floating: [...byAddress.values()] };
});

function readEntries(list: readonly unknown[]): Read<z.output<typeof floatingIps>> {
  const parsed = floatingIps.safeParse(list);
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, detail: whatIsWrong(parsed.error) };
}
