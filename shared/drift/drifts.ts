import type { Address } from '../address.ts';
import type { Eni } from '../enis/eni.ts';
import { MAX_FILTER_VALUES } from '../enis/filters.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import type { NodeState } from '../state/node-state.ts';
import { either, seenEnis } from '../state/seen-enis.ts';
import { type ClusterView, type Drift, driftOf, foundIn } from './drift.ts';

/**
 * Up to this many calls ask by address, 200 in each. If it would take more, the subnets are listed instead.
 */
const FEW_CALLS = 2;

/** A node, and how its ENIs differ from what its pods claim. */
export interface WeighedNode {
  readonly state: NodeState;
  readonly drift: Drift;
}

/** Nodes weighed against all ENIs that have what they miss. */
export interface Weighed {
  readonly nodes: readonly WeighedNode[];
  /** The ENIs that were found to have what nodes miss. */
  readonly holders: readonly Eni[];
  /** What the nodes were weighed against. */
  readonly view: ClusterView;
}

/**
 * The drift of nodes, weighed also against the ENIs that have what they miss, whosever these are:
 * what others keep cannot be mended.
 *
 * @param view with the ENIs that are known without asking.
 * @throws what EC2 throws.
 */
export async function driftsOf(
  access: ClusterAccess,
  view: ClusterView,
  states: readonly NodeState[],
  signal?: AbortSignal,
): Promise<Weighed> {
  const first = states.map((state) => ({ state, drift: driftOf(view, state) }));
  const holders = await holdersOf(access, first.flatMap(missingOf), signal);
  const held = new Set(holders.flatMap(addressesOf));
  const whole = { ...view, enis: either(seenEnis(holders), view.enis) };
  const nodes = first.map(({ state, drift }) => {
    return { state, drift: concerns(held, drift) ? driftOf(whole, state) : drift };
  });
  return { nodes, holders, view: whole };
}

interface Missing {
  readonly address: Address;
  /** Where it is to be. */
  readonly eni: Eni;
}

function missingOf({ state, drift }: WeighedNode): Missing[] {
  return foundIn(drift).missing.flatMap(({ address, eniId }) => {
    const eni = state.enis.find(({ id }) => id === eniId);
    return eni === undefined ? [] : [{ address, eni }];
  });
}

/** Whether what is known of the holders by now may change anything for the node. */
function concerns(held: ReadonlySet<Address>, drift: Drift): boolean {
  const { missing, conflicting } = foundIn(drift);
  return (
    missing.some(({ address }) => held.has(address)) ||
    conflicting.some((problem) => 'address' in problem && held.has(problem.address))
  );
}

async function holdersOf(
  access: ClusterAccess,
  missing: readonly Missing[],
  signal?: AbortSignal,
): Promise<Eni[]> {
  const holders: Eni[] = [];
  for (const [vpcId, inVpc] of Map.groupBy(missing, ({ eni }) => eni.vpcId)) {
    const addresses = inVpc.map(({ address }) => address);
    const listed = await listedHolders(access, inVpc, signal);
    const found = listed ?? (await access.ec2.inventory.withAddresses(vpcId, addresses, signal));
    holders.push(...found);
  }
  return holders;
}

/**
 * An address of a subnet is on ENIs of that subnet only (Amazon EC2 User Guide, "IP addresses per
 * network interface"). If many are missing, a list of the subnet's ENIs, 1,000 a call, is shorter than
 * the way through the addresses, unless the subnet is a crowded one.
 *
 * @returns `undefined` if asking by address is cheaper, or the list turns out to be longer.
 */
async function listedHolders(
  { ec2: { inventory } }: ClusterAccess,
  missing: readonly Missing[],
  signal?: AbortSignal,
): Promise<Eni[] | undefined> {
  const callsByAddress = Math.ceil(missing.length / MAX_FILTER_VALUES);
  if (callsByAddress <= FEW_CALLS) return undefined;
  const wanted = new Set(missing.map(({ address }) => address));
  const subnetIds = [...new Set(missing.map(({ eni }) => eni.subnetId))];
  const holders: Eni[] = [];
  let calls = 0;
  for await (const page of inventory.inSubnets(subnetIds, signal)) {
    calls += 1;
    if (calls > callsByAddress) return undefined;
    holders.push(...page.filter((eni) => addressesOf(eni).some((each) => wanted.has(each))));
  }
  return holders;
}

function addressesOf({ primary, secondary }: Eni): Address[] {
  return [...primary, ...secondary];
}
