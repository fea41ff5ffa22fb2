import {
  type Address,
  type AddressRange,
  parseAddress,
  parseCidr,
} from '../../../../shared/address.ts';
import type { Claim, PodClaims } from '../../../../shared/claims/claim.ts';
import { parseRangeList } from '../../../../shared/claims/range-list.ts';
import { type Ranges, rangesOf } from '../../../../shared/claims/ranges.ts';
import type { Eni, Subnet } from '../../../../shared/enis/eni.ts';
import type { HolderNode } from '../../../../shared/plan/conflict.ts';
import type { Plan } from '../../../../shared/plan/decision.ts';
import { type PlanInput, plan } from '../../../../shared/plan/plan.ts';
import type { Claimant } from '../../../../shared/plan/speaker.ts';

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

/** Ranges of one network, bounded by the configuration where `bounds` is given. */
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

export function planInput(spec: Partial<PlanInput>): PlanInput {
  return {
    node: NODE,
    enis: [eth0(), eth1(), eth2()],
    subnets: SUBNETS,
    pods: [],
    ranges: RANGES,
    named: new Set(),
    unassigns: true,
    managedTag: TAG,
    ...spec,
  };
}

/** The plan in lines, one per decision, sorted: `assign 172.16.1.70 on eni-1 for p1`. */
export function decide(spec: Partial<PlanInput>): string[] {
  return linesOf(plan(planInput(spec)));
}

export function linesOf(decided: Plan): string[] {
  const place = ({ address: at, eniId }: { address: Address; eniId: string }) =>
    `${at} on ${eniId}`;
  return [
    ...decided.keep.map(
      (entry) =>
        `keep ${place(entry)} for ${entry.claim.pod.name}${entry.withinPrefix ? ' within a prefix' : ''}`,
    ),
    ...decided.held.map((entry) => `hold ${place(entry)} for ${entry.claim.pod.name}`),
    ...decided.assign.map((entry) => `assign ${place(entry)} for ${entry.claim.pod.name}`),
    ...decided.move.map(
      (entry) => `move ${place(entry)} from ${entry.fromEniId} for ${entry.claim.pod.name}`,
    ),
    ...decided.release.map((entry) => `release ${place(entry)}`),
    ...decided.releaseUnseen.map((entry) => `release unseen ${place(entry)}`),
    ...decided.foreign.map((entry) => `foreign ${place(entry)}`),
    ...decided.problems.map((problem) => {
      const about = 'address' in problem ? `${problem.address} ` : '';
      const why = problem.kind === 'held-elsewhere' ? ` ${problem.why}` : '';
      const holder = problem.kind === 'conflict' ? ` with ${problem.holder.pod.name}` : '';
      return `problem ${about}${problem.kind}${why}${holder} for ${problem.pod.name}`;
    }),
    ...(decided.ignored > 0 ? [`ignored ${decided.ignored}`] : []),
  ].sort();
}

/** Of namespace `default`, claiming by network-status, unless `spec` says otherwise. */
export function claimant(
  spec: Partial<Claimant> & { readonly name?: string; readonly namespace?: string } = {},
): Claimant {
  const { name = 'claimant', namespace = 'default', ...rest } = spec;
  return {
    pod: { namespace, name, uid: `uid-${name}` },
    createdAt: 10,
    terminating: false,
    floating: false,
    since: 10,
    ...rest,
  };
}

/** A node whose eth1 has two addresses, and that has no pods unless `spec` says so. */
export function holderNode(spec: Partial<HolderNode> = {}): HolderNode {
  return {
    node: NODE,
    enis: [eth0(), eth1(['172.16.1.70', '172.16.1.200'])],
    subnets: SUBNETS,
    ranges: RANGES,
    managedTag: TAG,
    pods: [],
    ...spec,
  };
}
