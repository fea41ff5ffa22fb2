import fc from 'fast-check';
import { type Address, contains } from '../../../../shared/address.ts';
import type { Claim, PodClaims } from '../../../../shared/claims/claim.ts';
import type { Entry, LedgerReading } from '../../../../shared/cluster/ledgers.ts';
import type { Eni } from '../../../../shared/enis/eni.ts';
import { notBelow, withReadings } from './ec2-model.ts';
import { address, cidr, type PlanInput, ranges, SUBNETS, TAG } from './fixtures.ts';

/**
 * Generated nodes for `plan`, small on purpose: few addresses, pods and times, so that they meet.
 * Everything is picked by index from short lists, so that a failure shrinks well.
 */

/** In a range, in two subnets and both families; the last one is in no range. */
export const ADDRESSES: readonly Address[] = [
  '172.16.1.70',
  '172.16.1.71',
  '172.16.1.85',
  '172.16.3.70',
  '2001:db8:0:1::70',
  '172.16.1.200',
].map(address);

/** Reserved by AWS, primaries of generated ENIs, and one of no subnet. */
const INVALID: readonly Address[] = ['172.16.1.1', '172.16.1.11', '172.16.1.21', '10.42.0.7'].map(
  address,
);

const PREFIX = cidr('172.16.1.64/28');
const GIVEN = [
  '172.16.1.70-172.16.1.90',
  '172.16.3.70-172.16.3.90',
  '2001:db8:0:1::70-2001:db8:0:1::90',
];
/** `undefined`: the configuration sets no bounds. */
const BOUNDS = [
  undefined,
  undefined,
  ['172.16.0.0/16'],
  ['172.16.1.71-172.16.1.255', '2001:db8::/32'],
];

const seldom = fc.nat(5).map((value) => value === 0);

const eniSpec = fc.record({
  third: seldom,
  managed: seldom.map((no) => !no),
  prefix: seldom,
  unusable: fc.nat(9).map((value) => value === 0),
});

const claimSpec = fc.record({
  address: fc.constantFrom(...ADDRESSES, ...ADDRESSES, ...INVALID),
  by: fc.constantFrom('mac', 'master', 'subnet', 'foreign mac', 'lost'),
  eni: fc.nat(3),
  how: fc.constantFrom('network', 'network', 'floating', 'both'),
  since: fc.nat(4),
});

const podSpec = fc.record({
  namespace: fc.constantFrom('a', 'b'),
  createdAt: fc.nat(3),
  terminating: seldom,
  unreadable: seldom,
  claims: fc.uniqueArray(claimSpec, {
    selector: (claim) => claim.address,
    minLength: 1,
    maxLength: 3,
  }),
});

const nodeSpec = fc.record({
  enis: fc.array(eniSpec, { minLength: 1, maxLength: 3 }),
  pods: fc.array(podSpec, { maxLength: 4 }),
  limits: fc.option(fc.record({ ipv4: fc.integer({ min: 1, max: 5 }), ipv6: fc.nat(2) }), {
    nil: undefined,
  }),
});

/** Where each of ADDRESSES is: on which ENI of which node, if anywhere. */
const placed = fc.tuple(...ADDRESSES.map(() => fc.option(fc.nat(8), { nil: undefined })));

/** What a ledger says; `pod` is one of those that claim the address anywhere, or one that is gone, or none. */
const entrySpec = fc.record({
  state: fc.constantFrom('assigned', 'assigned', 'assigning', 'releasing', 'released'),
  pod: fc.nat(7),
});

/** Of each address, on the ENI that has it; seldom there is no entry. */
const entries = fc.tuple(...ADDRESSES.map(() => fc.option(entrySpec, { nil: undefined, freq: 4 })));

/** Entries where the address is not, on any ENI. */
const strays = fc.array(
  fc.record({ address: fc.nat(ADDRESSES.length - 1), eni: fc.nat(8), entry: entrySpec }),
  { maxLength: 4 },
);

/** One node after another, as `plan` gets them; each address is on one ENI of all of them at most. */
export function nodes(count: { readonly min: number; readonly max: number }) {
  return fc
    .record({
      nodes: fc.array(nodeSpec, { minLength: count.min, maxLength: count.max }),
      placed,
      entries,
      strays,
      bounds: fc.constantFrom(...BOUNDS),
      isOurs: seldom,
    })
    .map((spec) => {
      const bare = spec.nodes.map(({ enis }, node) => enisOf(node, enis));
      const enis = withAddresses(withoutSharedPrefix(bare.flat()), spec.placed);
      const pods = spec.nodes.map((node, index) =>
        node.pods.map((pod, at) => podOf(pod, index, at, enisOfNode(enis, index))),
      );
      const unusable = spec.nodes.flatMap((node, index) =>
        node.enis.flatMap((each, at) => (each.unusable ? [`eni-${index}${at + 1}`] : [])),
      );
      const readings = ledgersOf(enis, pods.flat(), spec, new Set(unusable));
      return spec.nodes.map(({ limits }, node): PlanInput => {
        const own = enisOfNode(enis, node);
        const input = {
          node: `node-${node}`,
          enis: own,
          subnets: SUBNETS,
          pods: pods[node] ?? [],
          ranges: ranges(GIVEN, spec.bounds),
          limits: limits && notBelow(limits, own),
          unassigns: true,
          managedTag: TAG,
          ...(spec.isOurs && { isOurs: (each: Address) => each === ADDRESSES[2] }),
        };
        return withReadings(input, readings);
      });
    });
}

function enisOfNode(enis: readonly Eni[], node: number): Eni[] {
  return enis.filter(({ instanceId }) => instanceId === instanceOf(node));
}

interface Entries {
  readonly entries: readonly (EntrySpec | undefined)[];
  readonly strays: readonly {
    readonly address: number;
    readonly eni: number;
    readonly entry: EntrySpec;
  }[];
}

/** The ledgers of all ENIs but the VPC CNI's, which has none. */
function ledgersOf(
  enis: readonly Eni[],
  pods: readonly PodClaims[],
  spec: Entries,
  unusable: ReadonlySet<string>,
): Map<string, LedgerReading> {
  const withLedger = enis.filter(({ deviceIndex }) => deviceIndex !== 0);
  return new Map(
    withLedger.map((eni, at): [string, LedgerReading] => {
      const eniId = eni.id;
      if (unusable.has(eniId)) return [eniId, { kind: 'unusable', why: 'forbidden', detail: 'no' }];
      const own = new Map<Address, Entry>();
      const say = (each: Address, said: EntrySpec | undefined): void => {
        if (said !== undefined) own.set(each, entryOf(each, said, pods));
      };
      for (const { address: index, eni: on, entry } of spec.strays) {
        const each = ADDRESSES[index];
        if (each !== undefined && on % withLedger.length === at) say(each, entry);
      }
      for (const [index, each] of ADDRESSES.entries()) {
        if (!eni.secondary.includes(each)) continue;
        own.delete(each);
        say(each, spec.entries[index]);
      }
      return [eniId, { kind: 'ledger', ledger: { eniId, entries: own } }];
    }),
  );
}

function entryOf(each: Address, { pod, state }: EntrySpec, pods: readonly PodClaims[]): Entry {
  const gone = { namespace: 'a', name: 'gone', uid: 'uid-gone' };
  const claimants = pods.filter(({ claims }) => claims.some(({ address: of }) => of === each));
  const candidates = [...claimants.map(({ pod: of }) => of), gone, undefined];
  const named = candidates[pod % candidates.length];
  return { state, at: 0, ...(named && { pod: named }) };
}

/** One node. */
export const node: fc.Arbitrary<PlanInput> = nodes({ min: 1, max: 1 }).map(([only]) => {
  if (only === undefined) throw new Error('one node was asked for');
  return only;
});

const instanceOf = (node: number): string => `i-0${node}`;

function enisOf(
  node: number,
  specs: readonly {
    readonly third: boolean;
    readonly managed: boolean;
    readonly prefix: boolean;
  }[],
): Eni[] {
  const common = {
    vpcId: 'vpc-1',
    instanceId: instanceOf(node),
    clusters: ['demo'],
    secondary: [],
  };
  const eth0: Eni = {
    ...common,
    id: `eni-${node}0`,
    subnetId: 'subnet-nodes',
    mac: `02:00:00:00:0${node}:00`,
    deviceIndex: 0,
    managed: false,
    primary: [address(`172.16.0.${10 + 10 * node}`)],
    prefixes: [],
  };
  const others = specs.map(({ third, managed, prefix }, index): Eni => {
    const deviceIndex = index + 1;
    const subnet = third ? 3 : 1;
    return {
      ...common,
      id: `eni-${node}${deviceIndex}`,
      subnetId: `subnet-${subnet}`,
      mac: `02:00:00:00:0${node}:0${deviceIndex}`,
      deviceIndex,
      managed,
      primary: [address(`172.16.${subnet}.${10 + 10 * node + deviceIndex}`)],
      prefixes: prefix && subnet === 1 ? [PREFIX] : [],
    };
  });
  return [eth0, ...others];
}

/** A prefix is delegated to one ENI. */
function withoutSharedPrefix(enis: readonly Eni[]): Eni[] {
  const first = enis.find(({ prefixes }) => prefixes.length > 0);
  return enis.map((eni) => (eni === first ? eni : { ...eni, prefixes: [] }));
}

function withAddresses(enis: readonly Eni[], places: readonly (number | undefined)[]): Eni[] {
  const delegated = enis.some(({ prefixes }) => prefixes.length > 0);
  const holderOf = ADDRESSES.map((each, index) => {
    const place = places[index];
    if (place === undefined || (delegated && contains(PREFIX, each))) return undefined;
    const possible = enis.filter(({ subnetId }) =>
      SUBNETS.get(subnetId)?.blocks.some((block) => contains(block, each)),
    );
    return possible[place % Math.max(1, possible.length)]?.id;
  });
  return enis.map((eni) => ({
    ...eni,
    secondary: ADDRESSES.filter((_, index) => holderOf[index] === eni.id),
  }));
}

type ClaimSpec = typeof claimSpec extends fc.Arbitrary<infer T> ? T : never;
type EntrySpec = typeof entrySpec extends fc.Arbitrary<infer T> ? T : never;
type PodSpec = typeof podSpec extends fc.Arbitrary<infer T> ? T : never;

function claimOf(spec: ClaimSpec, createdAt: number, enis: readonly Eni[]): Claim {
  const eni = enis[spec.eni % enis.length];
  const attached = spec.how !== 'floating';
  const floating = spec.how !== 'network';
  return {
    address: spec.address,
    floating,
    since: floating ? spec.since : createdAt,
    ...(attached ? { network: 'default/ipvlan', interface: 'net1' } : {}),
    ...(attached && spec.by === 'mac' ? { mac: eni?.mac ?? '' } : {}),
    ...(attached && spec.by === 'foreign mac' ? { mac: '0a:58:00:00:00:01' } : {}),
    ...(attached && spec.by === 'master' ? { master: `eth${eni?.deviceIndex}` } : {}),
    ...(spec.by === 'lost' ? { unreadable: true } : {}),
  };
}

function podOf(spec: PodSpec, node: number, index: number, enis: readonly Eni[]): PodClaims {
  const { namespace, createdAt, terminating, unreadable } = spec;
  const name = `p${node}${index}`;
  return {
    pod: { namespace, name, uid: `uid-${name}` },
    node: `node-${node}`,
    createdAt,
    terminating,
    claims: spec.claims.map((claim) => claimOf(claim, createdAt, enis)),
    unreadable: unreadable
      ? [{ kind: 'unreadable-annotation', annotation: 'network-status', detail: 'not JSON' }]
      : [],
  };
}
