import * as z from 'zod';
import {
  type Address,
  type AddressRange,
  contains,
  familyOf,
  parseAddress,
  parseCidr,
  parseInterfaceAddress,
  toInteger,
} from '../address.ts';
import { optionalTextAs, type Read, textAs, whatIsWrong } from '../text/read.ts';
import { subtractRanges } from './range-list.ts';

const withType = z.object({ type: z.string().nullish() });

/**
 * The addresses that a plugin's `ipam` gives out: of host-local, whereabouts and
 * static. Any other, and one that names none, gives out none that we know of.
 *
 * @param at the path of `ipam` in the configuration, for the message.
 */
export function ipamRanges(
  ipam: unknown,
  at: readonly PropertyKey[],
): Read<readonly AddressRange[]> {
  if (ipam === undefined || ipam === null) return { ok: true, value: [] };
  const typed = withType.safeParse(ipam);
  if (!typed.success) return { ok: false, detail: whatIsWrong(typed.error, at) };
  const schema = schemas.get(typed.data.type ?? '');
  if (schema === undefined) return { ok: true, value: [] };
  const parsed = schema.safeParse(ipam);
  if (!parsed.success) return { ok: false, detail: whatIsWrong(parsed.error, at) };
  return { ok: true, value: parsed.data };
}

interface Block extends AddressRange {
  readonly text: string;
  /** The address before the slash. */
  readonly address: Address;
}

function parseBlock(text: string): Block | undefined {
  const range = parseCidr(text);
  const address = parseInterfaceAddress(text);
  return range === undefined || address === undefined ? undefined : { ...range, text, address };
}

function single(address: Address): AddressRange {
  const value = toInteger(address);
  return { family: familyOf(address), first: value, last: value };
}

const address = optionalTextAs(parseAddress, 'an address');

/** Narrows `pool` to `start` and `end`, both of which have to lie in `block`. */
function narrow(
  block: Block,
  pool: AddressRange,
  start: Address | undefined,
  end: Address | undefined,
  context: z.RefinementCtx,
): AddressRange | undefined {
  const problem = (message: string) => {
    context.addIssue({ code: 'custom', message, input: block.text });
    return undefined;
  };
  for (const limit of [start, end]) {
    if (limit !== undefined && !contains(block, limit)) {
      return problem(`${limit} is not in ${block.text}`);
    }
  }
  const first = start === undefined ? pool.first : toInteger(start);
  const last = end === undefined ? pool.last : toInteger(end);
  if (first <= last) return { family: block.family, first, last };
  return problem(`${start ?? 'the start'} comes after ${end ?? 'the end'} in ${block.text}`);
}

const hostLocalRange = {
  subnet: optionalTextAs(parseBlock, 'a CIDR block'),
  rangeStart: address,
  rangeEnd: address,
  gateway: address,
};

/**
 * host-local gives out all of the subnet but its network address, an IPv4 subnet's
 * last address, and the gateway, which is the first address unless it is named
 * (containernetworking/plugins, plugins/ipam/host-local/backend/allocator/range.go).
 */
function hostLocalRanges(
  range: z.output<z.ZodObject<typeof hostLocalRange>>,
  context: z.RefinementCtx,
): AddressRange[] {
  const { subnet, rangeStart, rangeEnd, gateway } = range;
  const problem = (message: string) => {
    context.addIssue({ code: 'custom', message, input: subnet?.text });
    return [];
  };
  if (subnet === undefined) {
    return rangeStart === undefined && rangeEnd === undefined ? [] : problem('subnet is missing');
  }
  if (toInteger(subnet.address) !== subnet.first) {
    return problem(`subnet ${subnet.text} has host bits set`);
  }
  if (subnet.last - subnet.first < 3n) return problem(`subnet ${subnet.text} is too small`);
  const pool = {
    family: subnet.family,
    first: subnet.first + 1n,
    last: subnet.family === 4 ? subnet.last - 1n : subnet.last,
  };
  const given = narrow(subnet, pool, rangeStart, rangeEnd, context);
  if (given === undefined) return [];
  const kept = gateway === undefined ? { ...pool, last: pool.first } : single(gateway);
  return subtractRanges(given, [kept]);
}

const hostLocal = z
  .object({
    ...hostLocalRange,
    ranges: z.array(z.array(z.object(hostLocalRange).transform(hostLocalRanges))).nullish(),
  })
  .transform((ipam, context) => [
    ...hostLocalRanges(ipam, context),
    ...(ipam.ranges ?? []).flat(2),
  ]);

const staticAddresses = z
  .array(z.object({ address: textAs(parseInterfaceAddress, 'an address') }))
  .nullish()
  .transform((addresses) => (addresses ?? []).map((item) => single(item.address)));

/** A block, or `first-last/length`, which is the block of `last` from `first` to `last`. */
function parseWhereaboutsRange(
  text: string,
): { readonly block: Block; readonly first?: Address; readonly last?: Address } | undefined {
  const [first, last, ...rest] = text.split('-');
  if (first === undefined || rest.length > 0) return undefined;
  const block = parseBlock(last ?? first);
  if (block === undefined || last === undefined) return block && { block };
  const start = parseAddress(first);
  return start && { block, first: start, last: block.address };
}

/** whereabouts excludes blocks and single addresses (its `parseExcludedRange`). */
function parseExcluded(text: string): AddressRange | undefined {
  const excluded = parseAddress(text);
  return excluded === undefined ? parseCidr(text) : single(excluded);
}

const whereaboutsRange = {
  range: optionalTextAs(parseWhereaboutsRange, 'a CIDR block or first-last/prefix length'),
  range_start: address,
  range_end: address,
  exclude: z.array(textAs(parseExcluded, 'a CIDR block or an address')).nullish(),
};

/**
 * whereabouts gives out all of the range but its first and last address; both if there is nothing
 * between them. A start or end outside the range it ignores or not, depending on its version, so that
 * is an error here (k8snetworkplumbingwg/whereabouts, pkg/allocate and pkg/iphelpers).
 */
function whereaboutsRanges(
  ipam: z.output<z.ZodObject<typeof whereaboutsRange>>,
  context: z.RefinementCtx,
): AddressRange[] {
  if (ipam.range === undefined) return [];
  const { block, first, last } = ipam.range;
  const given = narrow(block, block, first ?? ipam.range_start, last ?? ipam.range_end, context);
  if (given === undefined) return [];
  const edges =
    block.last - block.first > 1n
      ? [
          { ...block, last: block.first },
          { ...block, first: block.last },
        ]
      : [];
  return subtractRanges(given, [...edges, ...(ipam.exclude ?? [])]);
}

const whereabouts = z
  .object({
    ...whereaboutsRange,
    ipRanges: z.array(z.object(whereaboutsRange).transform(whereaboutsRanges)).nullish(),
    addresses: staticAddresses,
  })
  .transform((ipam, context) => [
    ...whereaboutsRanges(ipam, context),
    ...(ipam.ipRanges ?? []).flat(),
    ...ipam.addresses,
  ]);

const fixed = z.object({ addresses: staticAddresses }).transform((ipam) => ipam.addresses);

const schemas = new Map<string, z.ZodType<AddressRange[]>>([
  ['host-local', hostLocal],
  ['whereabouts', whereabouts],
  ['static', fixed],
]);
