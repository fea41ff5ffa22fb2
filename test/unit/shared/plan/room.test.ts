import { describe, expect, it } from 'vitest';
import type { PodClaims } from '../../../../shared/claims/claim.ts';
import type { ParsedNetwork } from '../../../../shared/claims/net-attach-def.ts';
import type { Pod } from '../../../../shared/cluster/kubernetes.ts';
import { advertisedNetworks, MAX_ADVERTISED, roomOfNode } from '../../../../shared/plan/room.ts';
import {
  claim,
  eth0,
  eth1,
  eth2,
  eth3,
  floating,
  type PlanSpec,
  planInput,
  planOf,
  pod,
  rangeList,
} from './fixtures.ts';

const A = 'multus-eni.dev/default.a';
const B = 'multus-eni.dev/default.b';
const V4 = rangeList('172.16.1.64/26');
const LIMITS = { ipv4: 10, ipv6: 10 };

function network(name: string, spec: Partial<ParsedNetwork> = {}): ParsedNetwork {
  const full = { network: `default/${name}`, master: 'eth1', ranges: V4, ...spec };
  return { ignored: false, advertised: true, ...full };
}

type Requests = Readonly<Record<string, number>>;

/** A pod with what it claims of a network, and what it requests. */
function requesting(name: string, claims: PodClaims['claims'], requestedRoom?: Requests) {
  return { claims: pod(name, claims), requestedRoom };
}
const onA = (text: string) => claim(text, { network: 'default/a', master: 'eth1' });
const onB = (text: string) => claim(text, { network: 'default/b', master: 'eth1' });

interface Scene extends PlanSpec {
  readonly networks?: readonly ParsedNetwork[];
  readonly having?: readonly ReturnType<typeof requesting>[];
  readonly finished?: boolean;
}

/** The room of a node, whose ENIs take nine addresses beside their primary unless it says otherwise. */
function room({ networks = [network('a')], having = [], finished = false, ...spec }: Scene) {
  const input = planInput({ limits: LIMITS, pods: having.map((each) => each.claims), ...spec });
  const podObjects = new Map(
    having.map(({ claims, requestedRoom }): [string, Pod] => {
      const { namespace, name, uid } = claims.pod;
      const flags = { terminating: false, finished, hostNetwork: false, gated: false };
      const requested = requestedRoom === undefined ? {} : { requestedRoom };
      return [uid, { namespace, name, uid, createdAt: 0, annotations: {}, ...flags, ...requested }];
    }),
  );
  const byName = new Map(networks.map((each) => [each.network, each]));
  const { verdicts } = planOf(input);
  const found = roomOfNode({ ...input, podObjects, networks: byName }, verdicts);
  return found && Object.fromEntries(found);
}

describe('the room of a node is, for a network', () => {
  it('what its ENI takes beside its primary', () => {
    expect(room({})).toEqual({ [A]: 9 });
  });

  it('the same, whatever pods that request it come, have their addresses, and go', () => {
    const coming = requesting('coming', [], { [A]: 1 });
    expect(room({ having: [coming] })).toEqual({ [A]: 9 });
    const attached = requesting('attached', [onA('172.16.1.70')], { [A]: 1 });
    expect(room({ having: [attached, coming] })).toEqual({ [A]: 9 });
    const enis = [eth0(), eth1(['172.16.1.70'])];
    expect(room({ enis, having: [attached, coming] })).toEqual({ [A]: 9 });
    // It has gone: its address is to be released.
    expect(room({ enis, having: [coming] })).toEqual({ [A]: 9 });
  });

  it('less by prefixes, by what is foreign, and by what is not to be released', () => {
    const enis = [
      eth0(),
      eth1(['172.16.1.20', '172.16.1.21', '172.16.1.70'], { prefixes: ['172.16.1.96/28'] }),
    ];
    const written = { 'eni-1': { '172.16.1.20': 'none', '172.16.1.21': 'none' } };
    expect(room({ enis, written })).toEqual({ [A]: 6 });
    expect(room({ enis, written, unassigns: false })).toEqual({ [A]: 5 });
  });

  it('less by pods that were placed without a request, and by floating addresses', () => {
    const enis = [eth0(), eth1(['172.16.1.70', '172.16.1.71'])];
    const having = [
      requesting('before', [onA('172.16.1.70')]),
      requesting('later', [onA('172.16.1.72')]),
      requesting('new', [onA('172.16.1.71'), floating('172.16.1.73')], { [A]: 1 }),
    ];
    expect(room({ enis, having })).toEqual({ [A]: 6 });
  });

  it('never less than what runs', () => {
    const taken = Array.from({ length: 9 }, (_, index) => `172.16.1.${100 + index}`);
    const having = [requesting('p', [onA('172.16.1.70')], { [A]: 3 })];
    const none = taken.map((each) => [each, 'none'] as const);
    const written = { 'eni-1': Object.fromEntries(none) };
    expect(room({ enis: [eth0(), eth1(taken)], having, written })).toEqual({ [A]: 3 });
    expect(room({ enis: [eth0()], having })).toEqual({ [A]: 3 });
    expect(room({ networks: [], having })).toEqual({ [A]: 3 });
  });

  it('not more for pods that have ended', () => {
    const having = [requesting('p', [], { [A]: 3 })];
    expect(room({ enis: [eth0()], having, finished: true })).toEqual({});
  });

  it('the same while another pod has the address that one claims', () => {
    const enis = [eth0(), eth1(['172.16.1.70'])];
    const having = [
      requesting('first', [onA('172.16.1.70')], { [A]: 1 }),
      requesting('second', [onA('172.16.1.70')], { [A]: 1 }),
    ];
    expect(room({ enis, having })).toEqual({ [A]: 9 });
  });
});

describe('networks on one ENI share its room:', () => {
  const networks = [network('a'), network('b')];

  it('each has all that is left', () => {
    expect(room({ networks })).toEqual({ [A]: 9, [B]: 9 });
  });

  it('what one has, or only requests so far, is not the other’s', () => {
    const having = [
      requesting('p', [onA('172.16.1.70')], { [A]: 1 }),
      requesting('q', [onB('172.16.1.71')], { [B]: 1 }),
      requesting('r', [], { [B]: 2 }),
    ];
    const enis = [eth0(), eth1(['172.16.1.70'])];
    expect(room({ networks, enis, having })).toEqual({ [A]: 6, [B]: 8 });
    const onBoth = requesting('s', [onA('172.16.1.72')], { [A]: 1, [B]: 1 });
    expect(room({ networks, having: [onBoth] })).toEqual({ [A]: 8, [B]: 8 });
  });
});

describe('which ENI a network has room on is what the plan would say:', () => {
  it('that of its master', () => {
    const networks = [network('a', { master: 'eth2' })];
    const written = { 'eni-2': { '172.16.3.20': 'none' } };
    const enis = [eth0(), eth1(), eth2(['172.16.3.20'])];
    expect(room({ networks, enis, written })).toEqual({ [A]: 8 });
    const untagged = [eth0(), eth1(), eth2([], { managed: false })];
    expect(room({ networks, enis: untagged })).toEqual({});
  });

  it('that whose subnet holds its range, unless there are two', () => {
    const networks = [network('a', { master: undefined })];
    expect(room({ networks })).toEqual({ [A]: 9 });
    expect(room({ networks, enis: [eth0(), eth1(), eth3()] })).toEqual({});
  });

  it('that of its master also if it has no range, and none without either', () => {
    expect(room({ networks: [network('a', { ranges: [] })] })).toEqual({ [A]: 9 });
    const nowhere = [network('a', { ranges: [], master: undefined })];
    expect(room({ networks: nowhere, enis: [eth1(), eth0()] })).toEqual({});
  });

  it('both, if its ranges are in two subnets', () => {
    const ranges = rangeList('172.16.1.64/26', '172.16.3.64/26');
    expect(room({ networks: [network('a', { master: undefined, ranges })] })).toEqual({ [A]: 18 });
  });

  it('none for a bridge, an ignored network, one without the label, and a whole device', () => {
    const networks = [
      network('bridge', { master: undefined, type: 'bridge', ranges: rangeList('10.1.0.0/16') }),
      network('ignored', { ignored: true }),
      network('unlabelled', { advertised: undefined }),
      network('device', { type: 'host-device' }),
      network('n'.repeat(60)),
    ];
    expect(room({ networks })).toEqual({});
  });
});

describe('a network of both families', () => {
  const networks = [network('a', { ranges: rangeList('172.16.1.64/26', '2001:db8:0:1::/112') })];

  it('has the room of the one that has less', () => {
    const limits = { ipv4: 10, ipv6: 4 };
    expect(room({ networks, limits })).toEqual({ [A]: 4 });
    const having = [
      requesting('p', [onA('172.16.1.70'), onA('2001:db8:0:1::70')], { [A]: 1 }),
      requesting('q', [], { [A]: 1 }),
    ];
    expect(room({ networks, limits, having })).toEqual({ [A]: 4 });
    const half = requesting('r', [onA('172.16.1.71')], { [A]: 1 });
    expect(room({ networks, limits, having: [half] })).toEqual({ [A]: 4 });
  });
});

it('nothing is said if nobody knows what the instance type takes', () => {
  expect(room({ limits: undefined })).toBeUndefined();
});

it('a namespace that is full of networks does not keep others from being advertised', () => {
  const many = Array.from({ length: 500 }, (_, index) =>
    network('', { network: `aaa/net-${index}` }),
  );
  const all = [...many, network('', { network: 'zzz/only' })];
  const chosen = advertisedNetworks(new Map(all.map((each) => [each.network, each])));
  expect(chosen).toHaveLength(MAX_ADVERTISED);
  expect(chosen.map(({ network: name }) => name)).toContain('zzz/only');
});
