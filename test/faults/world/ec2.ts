import { ACCOUNT, REGION } from '../../../sandbox/aws.ts';
import { ACTIONS } from '../../../sandbox/ec2/actions/index.ts';
import { type Controls, createControls } from '../../../sandbox/ec2/controls.ts';
import { Ec2Error } from '../../../sandbox/ec2/errors.ts';
import { idMaker } from '../../../sandbox/ec2/ids.ts';
import { INSTANCE_TYPES } from '../../../sandbox/ec2/instance-types.ts';
import type { NetworkInterface, State } from '../../../sandbox/ec2/model.ts';
import { type Change, createStore, type Staleness } from '../../../sandbox/ec2/store.ts';
import type { Xml } from '../../../sandbox/ec2/xml.ts';
import type { Clock } from '../../../shared/time/clock.ts';

/**
 * The sandbox's EC2 without its wire: a call is decided in one step, from the SDK's input to the
 * SDK's output. Through the SDK's serializer and XML a call takes fifty times as long; wire.test.ts
 * holds the two against each other.
 */
export interface VirtualEc2 extends Controls {
  /**
   * @param staleness how far DescribeNetworkInterfaces is behind: never more than 30 s.
   * @throws Error named by EC2's error code, as the SDK throws it.
   */
  call(action: string, input: object, staleness?: Staleness): Answer;
  onChange(listener: (change: Change) => void): () => void;
}

export type Answer = Readonly<Record<string, unknown>>;

/** "Eventually consistent" is a matter of seconds (EC2 API Reference, "Eventual consistency"). */
const LONGEST_LAG_MS = 30_000;
const VERSIONS_KEPT = 10;

export function createVirtualEc2(clock: Clock): VirtualEc2 {
  const nothing = new Map<string, never>();
  const store = createStore(
    {
      vpcs: new Set(),
      subnets: nothing,
      instances: nothing,
      enis: nothing,
      instanceTypes: INSTANCE_TYPES,
    },
    clock,
  );
  const ids = idMaker();
  const changedAt: number[] = [];
  store.onChange(() => {
    changedAt.push(clock.now());
    if (changedAt.length > VERSIONS_KEPT) changedAt.shift();
  });
  /** Not behind what was changed longer ago. */
  const bounded = (staleness: Staleness): Staleness => {
    if (staleness.kind !== 'versions') return staleness;
    const recent = changedAt.filter((at) => at > clock.now() - LONGEST_LAG_MS).length;
    return { kind: 'versions', back: Math.min(staleness.back, recent) };
  };
  return {
    ...createControls(store, ids, { clock, region: REGION }),
    onChange: store.onChange,
    call(name, input, staleness = { kind: 'none' }) {
      const action = ACTIONS.get(name);
      if (action === undefined) throw new Error(`the sandbox's EC2 has no ${name}`);
      const lagging = store.lagging(bounded(staleness));
      const view = { state: store.state(), lagging, ids, account: ACCOUNT, region: REGION };
      try {
        const { answer, state } = action(parameters(input), view);
        if (state !== undefined) store.commit(state);
        return name === 'DescribeNetworkInterfaces'
          ? describedEnis(answer, lagging)
          : members(answer);
      } catch (error) {
        if (!(error instanceof Ec2Error)) throw error;
        throw Object.assign(new Error(error.message), { name: error.code });
      }
    },
  };
}

/** ENIs never change, they are replaced: each is turned into the SDK's form once. By id. */
const described = new Map<string, { readonly eni: NetworkInterface; readonly answer: Answer }>();

function describedEnis(answer: Xml, { enis }: State): Answer {
  if (!isFields(answer) || !Array.isArray(answer.networkInterfaceSet)) return members(answer);
  const { networkInterfaceSet, ...rest } = answer;
  const NetworkInterfaces = networkInterfaceSet.map((item: Xml) => {
    const eni = isFields(item) ? enis.get(String(item.networkInterfaceId)) : undefined;
    const known = described.get(eni?.id ?? '');
    if (known !== undefined && known.eni === eni) return known.answer;
    const answer = members(item);
    if (eni !== undefined) described.set(eni.id, { eni, answer });
    return answer;
  });
  return { NetworkInterfaces, ...members(rest) };
}

function isFields(value: Xml): value is { readonly [name: string]: Xml } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** How the query protocol names lists, if that is not as the SDK does. */
const LISTS: Readonly<Record<string, string>> = {
  Filters: 'Filter',
  Values: 'Value',
  PrivateIpAddresses: 'PrivateIpAddress',
  NetworkInterfaceIds: 'NetworkInterfaceId',
};

/** The SDK's input as the query protocol carries it: text, with lists under their wire names. */
function parameters(input: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(input)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [LISTS[name] ?? name, parameter(value)]),
  );
}

function parameter(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(parameter);
  return typeof value === 'object' && value !== null ? parameters(value) : String(value);
}

/** How the SDK names members, if that is not the wire's name with a capital. */
const MEMBERS: Readonly<Record<string, string>> = {
  networkInterfaceSet: 'NetworkInterfaces',
  subnetSet: 'Subnets',
  instanceTypeSet: 'InstanceTypes',
  privateIpAddressesSet: 'PrivateIpAddresses',
  assignedPrivateIpAddressesSet: 'AssignedPrivateIpAddresses',
  ipv6AddressesSet: 'Ipv6Addresses',
  ipv4PrefixSet: 'Ipv4Prefixes',
  ipv6PrefixSet: 'Ipv6Prefixes',
  'subnetSet.tagSet': 'Tags',
};

/** The SDK's model does not have it. */
const UNMODELLED = 'return';

function members(answer: Xml, of = ''): Answer {
  if (!isFields(answer)) return {};
  return Object.fromEntries(
    Object.entries(answer)
      .filter(([name, value]) => value !== undefined && name !== UNMODELLED)
      .map(([name, value]) => [memberName(of, name), member(name, value)]),
  );
}

function memberName(of: string, name: string): string {
  return (
    MEMBERS[`${of}.${name}`] ?? MEMBERS[name] ?? `${name.charAt(0).toUpperCase()}${name.slice(1)}`
  );
}

function member(name: string, value: Xml): unknown {
  if (name === 'attachTime') return new Date(String(value));
  if (Array.isArray(value)) return value.map((item) => member(name, item));
  return typeof value === 'object' ? members(value, name) : value;
}
