import {
  type Address,
  type AddressRange,
  parseAddress,
  parseCidr,
} from '../../../../shared/address.ts';
import type { Claim, PodClaims } from '../../../../shared/claims/claim.ts';
import { parseRangeList } from '../../../../shared/claims/range-list.ts';
import { type Ranges, rangesOf } from '../../../../shared/claims/ranges.ts';
import type { Entry, EntryState, LedgerReading } from '../../../../shared/cluster/ledgers.ts';
import type { Eni, Subnet } from '../../../../shared/enis/eni.ts';
import { type Ledgers, ledgersFrom, recordedByPod } from '../../../../shared/plan/ledger.ts';
import { type Allowed, type PlannedNode, plan } from '../../../../shared/plan/plan.ts';
import type { Decision } from '../../../../shared/plan/verdict.ts';
import { linesOf } from './lines.ts';

export const NODE = 'node-a';
export const TAG = 'node.k8s.amazonaws.com/no_manage=true';

export function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`${text} is no address`);
  return parsed;
}

export function cidr(text: string): AddressRange {
  const parsed = parseCidr(text);
  if (parsed === undefined) throw new Error(`${text} is no CIDR block`);
  return parsed;
}

export function rangeList(...texts: readonly string[]): readonly AddressRange[] {
  const parsed = parseRangeList(texts);
  if (!parsed.ok) throw new Error(parsed.detail);
  return parsed.value;
}

/** Ranges of one network, of which the configuration keeps a block for some namespaces. */
export function rangesBoundTo(given: string, block: string, namespaces: readonly string[]): Ranges {
  return rangesOf([{ ranges: rangeList(given) }], undefined, [
    { block, range: cidr(block), namespaces },
  ]);
}

/** Ranges of one network, bounded by the configuration if `bounds` is given. */
export function ranges(given: readonly string[], bounds?: readonly string[]): Ranges {
  return rangesOf([{ ranges: rangeList(...given) }], bounds && rangeList(...bounds));
}

export const SUBNETS: ReadonlyMap<string, Subnet> = new Map(
  [
    { id: 'subnet-nodes', blocks: ['172.16.0.0/24'] },
    { id: 'subnet-1', blocks: ['172.16.1.0/24', '2001:db8:0:1::/64'] },
    { id: 'subnet-3', blocks: ['172.16.3.0/24', '2001:db8:0:3::/64'] },
  ].map(({ id, blocks }) => [id, { id, blocks: blocks.map(cidr) }]),
);

interface EniSpec extends Partial<Omit<Eni, 'primary' | 'secondary' | 'prefixes'>> {
  readonly primary?: readonly string[];
  readonly secondary?: readonly string[];
  readonly prefixes?: readonly string[];
}

export function eni(spec: EniSpec = {}): Eni {
  const { primary = [], secondary = [], prefixes = [], ...rest } = spec;
  return {
    id: 'eni-1',
    vpcId: 'vpc-1',
    subnetId: 'subnet-1',
    mac: '02:00:00:00:00:01',
    instanceId: 'i-0a',
    deviceIndex: 1,
    managed: true,
    clusters: [],
    ...rest,
    primary: primary.map(address),
    secondary: secondary.map(address),
    prefixes: prefixes.map(cidr),
  };
}

/** The VPC CNI's own interface. */
export const eth0 = (spec: EniSpec = {}): Eni =>
  eni({
    id: 'eni-0',
    subnetId: 'subnet-nodes',
    mac: '02:00:00:00:00:00',
    deviceIndex: 0,
    managed: false,
    primary: ['172.16.0.10'],
    ...spec,
  });
export const eth1 = (secondary: readonly string[] = [], spec: EniSpec = {}): Eni =>
  eni({ primary: ['172.16.1.10'], secondary, ...spec });
export const eth2 = (secondary: readonly string[] = [], spec: EniSpec = {}): Eni =>
  eni({
    id: 'eni-2',
    subnetId: 'subnet-3',
    mac: '02:00:00:00:00:02',
    deviceIndex: 2,
    primary: ['172.16.3.10'],
    secondary,
    ...spec,
  });
/** In the subnet of `eth1`. */
export const eth3 = (secondary: readonly string[] = [], spec: EniSpec = {}): Eni =>
  eni({
    id: 'eni-3',
    mac: '02:00:00:00:00:03',
    deviceIndex: 3,
    primary: ['172.16.1.11'],
    secondary,
    ...spec,
  });

/** A claim by `network-status` of an ipvlan network, unless `spec` says otherwise. */
export function claim(text: string, spec: Partial<Omit<Claim, 'address'>> = {}): Claim {
  return {
    address: address(text),
    network: 'default/ipvlan',
    interface: 'net1',
    floating: false,
    since: 0,
    ...spec,
  };
}

/** A claim by `floating-ips`. */
export function floating(text: string, since = 0): Claim {
  return { address: address(text), floating: true, since };
}

export const onEth1 = (text: string): Claim => claim(text, { master: 'eth1' });
export const onEth3 = (text: string): Claim => claim(text, { master: 'eth3' });

interface PodSpec extends Partial<Omit<PodClaims, 'pod' | 'claims'>> {
  readonly namespace?: string;
}

export function pod(name: string, claims: readonly Claim[], spec: PodSpec = {}): PodClaims {
  const { namespace = 'default', ...rest } = spec;
  return {
    pod: { namespace, name, uid: `uid-${name}` },
    node: NODE,
    createdAt: 0,
    terminating: false,
    unreadable: [],
    ...rest,
    claims,
  };
}

export const RANGES = ranges(['172.16.1.70-172.16.1.80', '172.16.3.70-172.16.3.80']);

/**
 * What ledgers say, by ENI and address: `assigned p`, or a state alone if no pod is named, or `none`.
 * `unusable` in the place of an ENI's addresses: its ledger cannot be read.
 */
export type Written = Readonly<Record<string, Readonly<Record<string, string>> | 'unusable'>>;

/** The ledger of `eth1` says this of one address. */
export const says = (text: string, of = '172.16.1.70'): Written => ({ 'eni-1': { [of]: text } });

/** When all entries of these tests were written. */
export const WRITTEN_AT = 0;

/** `assigning p` as an entry, of a pod of namespace `default`. */
export function entry(text: string): Entry | undefined {
  if (text === 'none') return undefined;
  const [state, name] = text.split(' ');
  const pod = name === undefined ? {} : { pod: { namespace: 'default', name, uid: `uid-${name}` } };
  return { state: state as EntryState, at: WRITTEN_AT, ...pod };
}

/** Ledgers that have what the managed ENIs have as ours, and name no pod, unless `written` says otherwise. */
export function readings(
  enis: readonly Eni[],
  written: Written = {},
): ReadonlyMap<string, LedgerReading> {
  const ids = new Set([...enis.map(({ id }) => id), ...Object.keys(written)]);
  return new Map(
    [...ids].map((eniId): [string, LedgerReading] => {
      const own = written[eniId] ?? {};
      if (own === 'unusable') return [eniId, { kind: 'unusable', why: 'forbidden', detail: 'no' }];
      const eni = enis.find(({ id }) => id === eniId);
      const ours = (eni?.managed ? eni.secondary : []).map((each) => [each, 'assigned'] as const);
      const texts = new Map<string, string>([...ours, ...Object.entries(own)]);
      const entries = [...texts].flatMap(([text, said]): [Address, Entry][] => {
        const given = entry(said);
        return given === undefined ? [] : [[address(text), given]];
      });
      return [eniId, { kind: 'ledger', ledger: { eniId, entries: new Map(entries) } }];
    }),
  );
}

export function ledgers(enis: readonly Eni[], written: Written = {}): Ledgers {
  return ledgersFrom({ kind: 'ledgers', byEni: readings(enis, written) });
}

/** The pods, whose claims know on which ENIs the ledgers name them. */
export function recorded(
  pods: readonly PodClaims[],
  said: ReadonlyMap<string, LedgerReading>,
): PodClaims[] {
  const byPod = recordedByPod(said);
  return pods.map((each) => {
    const ofPod = Map.groupBy(byPod.get(each.pod.uid) ?? [], (record) => record.address);
    const claims = each.claims.map((made) => {
      const on = ofPod.get(made.address)?.map(({ eniId }) => eniId);
      return on === undefined ? made : { ...made, recordedOn: on };
    });
    return { ...each, claims };
  });
}

/** A node, and what may be done there. */
export interface PlanInput extends PlannedNode, Allowed {}

export interface PlanSpec extends Partial<Omit<PlanInput, 'ledgers'>> {
  readonly written?: Written;
}

export function planInput({ written, ...spec }: PlanSpec): PlanInput {
  const enis = spec.enis ?? [eth0(), eth1(), eth2()];
  const said = readings(enis, written);
  return {
    node: NODE,
    subnets: SUBNETS,
    ranges: RANGES,
    unassigns: true,
    managedTag: TAG,
    ...spec,
    enis,
    ledgers: ledgersFrom({ kind: 'ledgers', byEni: said }),
    pods: recorded(spec.pods ?? [], said),
  };
}

export const planOf = (input: PlanInput): Decision => plan(input, input);

/** The decision in lines, one for each verdict, sorted: `assign 172.16.1.70 on eni-1 for p1`. */
export function decide(spec: PlanSpec): string[] {
  return linesOf(planOf(planInput(spec)));
}
