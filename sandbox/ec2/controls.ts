import { type Address, contains, parseAddress } from '../../shared/address.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { checkLimit } from './assignment.ts';
import { createEni, type EniSpec } from './create-eni.ts';
import type { IdMaker } from './ids.ts';
import type { InstanceType } from './instance-types.ts';
import {
  type AddedInstance,
  addInstance,
  attached,
  detached,
  type InstanceSpec,
  terminated,
} from './instances.ts';
import {
  addressesOf,
  type Block,
  findHolder,
  type HoldingRole,
  type NetworkInterface,
  type State,
  withEnis,
} from './model.ts';
import type { Store } from './store.ts';
import {
  block,
  type SubnetSpec,
  subnetOf,
  withIpv6,
  withoutIpv6,
  withReservation,
  withSubnet,
} from './subnets.ts';

export interface AddressHolder {
  readonly eniId: string;
  /** Absent while the ENI is detached. */
  readonly instanceId: string | undefined;
  readonly mac: string;
  readonly role: HoldingRole;
}

/**
 * What tests and the demo do to EC2 beside its API. Each throws an Error on an id
 * that does not exist and on an input that EC2 could not have.
 */
export interface Controls {
  /** The VPC that is there from the start. */
  readonly vpcId: string;
  addVpc(): string;
  /** @returns the subnet's id. */
  addSubnet(spec: SubnetSpec): string;
  /** Gives the subnet the one IPv6 block that it may have. */
  associateIpv6(subnetId: string, cidr: string): void;
  /** Keeps a range of the subnet for those who name addresses of it. */
  reserve(subnetId: string, cidr: string): void;
  /** Takes its IPv6 block from the subnet, of which no ENI may have an address. */
  disassociateIpv6(subnetId: string): void;
  /** Makes a type known, or changes its figures. */
  registerInstanceType(type: InstanceType): void;
  addInstance(spec: InstanceSpec): AddedInstance;
  /** Deletes its primary ENI and detaches the others. */
  terminateInstance(instanceId: string): void;
  /** @returns the id of a new, detached ENI. */
  addEni(spec: EniSpec): string;
  attachEni(eniId: string, instanceId: string, deviceIndex: number): void;
  detachEni(eniId: string): void;
  deleteEni(eniId: string): void;
  /** Delegates a /28 (IPv4) or /80 (IPv6) prefix to the ENI. */
  addPrefix(eniId: string, cidr: string): void;
  /** Sets tags; `undefined` removes one. */
  tagEni(eniId: string, tags: Readonly<Record<string, string | undefined>>): void;
  associateElasticIp(eniId: string, privateIp: string, elasticIp: string): void;
  eni(eniId: string): NetworkInterface;
  /** The ENI that has the address, in the first VPC unless another is given. */
  holderOf(address: string, vpcId?: string): AddressHolder | undefined;
  snapshot(): State;
}

export function createControls(
  store: Store,
  ids: IdMaker,
  { clock, region }: { readonly clock: Clock; readonly region: string },
): Controls {
  const addVpc = (): string => {
    const id = ids.next('vpc');
    const state = store.state();
    store.commit({ ...state, vpcs: new Set([...state.vpcs, id]) });
    return id;
  };
  const vpcId = addVpc();
  const changeEni = (id: string, change: (eni: NetworkInterface) => NetworkInterface): void =>
    store.commit(withEnis(store.state(), change(requireEni(store.state(), id))));

  return {
    vpcId,
    addVpc,
    addSubnet(spec) {
      const subnet = subnetOf(spec, { id: ids.next('subnet'), vpcId, zone: `${region}a` });
      store.commit(withSubnet(store.state(), subnet));
      return subnet.id;
    },
    associateIpv6: (subnetId, cidr) => store.commit(withIpv6(store.state(), subnetId, cidr)),
    reserve: (subnetId, cidr) =>
      store.commit(withReservation(store.state(), subnetId, { id: ids.next('scr'), cidr })),
    disassociateIpv6: (subnetId) => store.commit(withoutIpv6(store.state(), subnetId)),
    registerInstanceType(type) {
      const state = store.state();
      const instanceTypes = new Map(state.instanceTypes).set(type.name, type);
      store.commit({ ...state, instanceTypes });
    },
    addInstance: (spec) => addInstance(store, ids, spec, { at: clock.now(), region }),
    terminateInstance: (id) => store.commit(terminated(store.state(), id)),
    addEni(spec) {
      const eni = createEni(store.state(), ids, spec);
      store.commit(withEnis(store.state(), eni));
      return eni.id;
    },
    attachEni(eniId, instanceId, deviceIndex) {
      const target = { id: ids.next('eni-attach'), instanceId, deviceIndex, at: clock.now() };
      changeEni(eniId, (eni) => attached(store.state(), eni, target));
    },
    detachEni: (eniId) => changeEni(eniId, detached),
    deleteEni(eniId) {
      const state = store.state();
      const { id } = requireEni(state, eniId);
      const enis = new Map(state.enis);
      enis.delete(id);
      store.commit({ ...state, enis });
    },
    addPrefix: (eniId, cidr) =>
      changeEni(eniId, (eni) => withPrefix(store.state(), eni, block(cidr))),
    tagEni: (eniId, tags) => changeEni(eniId, (eni) => withTags(eni, tags)),
    associateElasticIp: (eniId, privateIp, elasticIp) =>
      changeEni(eniId, (eni) => withElasticIp(eni, requireAddress(privateIp), elasticIp)),
    eni: (eniId) => requireEni(store.state(), eniId),
    holderOf(text, inVpc = vpcId) {
      const held = findHolder(store.state(), inVpc, requireAddress(text));
      if (held === undefined) return undefined;
      const { eni, role } = held;
      return { eniId: eni.id, instanceId: eni.attachment?.instanceId, mac: eni.mac, role };
    },
    snapshot: () => store.state(),
  };
}

function requireEni(state: State, id: string): NetworkInterface {
  const eni = state.enis.get(id);
  if (eni === undefined) throw new Error(`there is no ENI ${id}`);
  return eni;
}

function requireAddress(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`${text} is no IP address`);
  return address;
}

/** Tags that are `undefined` go. */
function withTags(
  eni: NetworkInterface,
  tags: Readonly<Record<string, string | undefined>>,
): NetworkInterface {
  const after = new Map(eni.tags);
  for (const [key, value] of Object.entries(tags)) {
    if (value === undefined) after.delete(key);
    else after.set(key, value);
  }
  return { ...eni, tags: after };
}

function withElasticIp(
  eni: NetworkInterface,
  address: Address,
  elasticIp: string,
): NetworkInterface {
  if (![eni.primary, ...eni.secondary].includes(address)) {
    throw new Error(`${eni.id} does not have ${address}`);
  }
  return { ...eni, elasticIps: new Map(eni.elasticIps).set(address, elasticIp) };
}

/** A prefix takes the place of one address, must lie in the subnet and be free. */
function withPrefix(state: State, eni: NetworkInterface, prefix: Block): NetworkInterface {
  const { family, first, last } = prefix.range;
  if (last - first + 1n !== (family === 4 ? 1n << 4n : 1n << 48n)) {
    throw new Error(`${prefix.cidr} is neither an IPv4 /28 nor an IPv6 /80`);
  }
  const subnet = state.subnets.get(eni.subnetId);
  const blocks = subnet === undefined ? [] : [subnet.ipv4, ...subnet.ipv6];
  if (!blocks.some(({ range }) => range.first <= first && last <= range.last)) {
    throw new Error(`${prefix.cidr} is not in ${eni.subnetId}`);
  }
  for (const other of state.enis.values()) {
    const used = other.vpcId === eni.vpcId ? addressesOf(other) : [];
    const clash = used.find((address) => contains(prefix.range, address));
    if (clash !== undefined) throw new Error(`${other.id} has ${clash} of ${prefix.cidr}`);
  }
  const ipv4Prefixes = family === 4 ? [...eni.ipv4Prefixes, prefix] : eni.ipv4Prefixes;
  const ipv6Prefixes = family === 6 ? [...eni.ipv6Prefixes, prefix] : eni.ipv6Prefixes;
  const after = { ...eni, ipv4Prefixes, ipv6Prefixes };
  checkLimit(state, after);
  return after;
}
