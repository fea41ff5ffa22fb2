import { expect, test } from 'vitest';
import { formatConditionMessage } from '../../../../shared/claims/condition-message.ts';
import { missedNetworks } from '../../../../shared/claims/missed-networks.ts';
import { claimsOf } from '../../../../shared/claims/pod-claims.ts';
import { FLOATING_IPS, NETWORK_STATUS, NETWORKS } from '../../../../shared/cluster/annotations.ts';
import { conditionOf } from '../../../../shared/drift/condition.ts';
import { auditPools } from '../../../../shared/drift/pool-audit.ts';
import { limitToRoom } from '../../../../shared/plan/capacity.ts';
import { type Contested, decidePassing } from '../../../../shared/plan/conflict.ts';
import { outdatedSubnets } from '../../../../shared/plan/outdated-subnets.ts';
import { type PlacedClaim, placeClaims } from '../../../../shared/plan/place-claims.ts';
import { roomOfNode } from '../../../../shared/plan/room.ts';
import type { Assign } from '../../../../shared/plan/verdict.ts';
import { plainPod } from '../../../support/plain-pod.ts';
import { workOf } from '../../../support/work.ts';
import { holderNode } from './contested.ts';
import {
  address,
  claim,
  eth0,
  eth1,
  eth3,
  ledgers,
  planInput,
  planOf,
  pod,
  rangeList,
} from './fixtures.ts';

/** Of no known network and no MAC: they fit either of two ENIs in one subnet. */
const ips = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `2001:db8:0:1::${(index + 256).toString(16)}`);
const limits = { ipv4: 15, ipv6: 15 };

/** A node with two ENIs in one subnet, and a pod that claims so many addresses there. */
function nodeOf(count: number) {
  const told = { status: 'True', reason: 'Assigned', message: 'assigned: none' } as const;
  return {
    ...planInput({
      enis: [eth0(), eth1(), eth3()],
      pods: [
        pod(
          'many',
          ips(count).map((ip) => claim(ip)),
        ),
      ],
      limits,
    }),
    networks: new Map(),
    podObjects: new Map([['uid-many', plainPod({ uid: 'uid-many', condition: told })]]),
  };
}

function assignments(count: number): Assign[] {
  return placeClaims({
    ...planInput({ enis: [eth0(), eth1()] }),
    pods: [
      pod(
        'many',
        ips(count).map((ip) => claim(ip)),
      ),
    ],
  }).claims.map((each): Assign => {
    const at = { address: each.address, eniId: 'eni-1', claim: each };
    return { want: 'assign', ...at, rivals: [], needsRoom: false };
  });
}

/** An address that an ENI of another node has, with nothing beside it. */
function held({ address }: PlacedClaim, spec: Partial<Contested>) {
  const eni = eth1([address], { clusters: ['demo'] });
  const may = { unassigns: true, canRecord: true };
  return { cluster: 'demo', eni, ledgers: ledgers([eni]), address, stranded: [], ...may, ...spec };
}

const message = (count: number): string =>
  formatConditionMessage(ips(count).map((ip) => ({ address: address(ip), eniId: 'eni-1' })));

const WORK: Record<string, (count: number) => () => unknown> = {
  'what a pod claims': (count) => {
    const annotations = {
      [NETWORK_STATUS]: JSON.stringify([{ name: 'net', ips: ips(count) }]),
      [FLOATING_IPS]: JSON.stringify(ips(count)),
    };
    const condition = { status: 'True', reason: 'Assigned', message: message(count) } as const;
    const object = plainPod({ annotations, condition });
    return () => claimsOf(object, { networks: new Map() });
  },
  'what a pod runs without': (count) => {
    const networks = Array.from({ length: count }, (_, index) => `net-${index}`);
    const object = plainPod({ sandboxSince: 0, annotations: { [NETWORKS]: networks.join(',') } });
    const attachments = networks.map((name) => ({ network: `default/${name}`, ips: [] }));
    return () => missedNetworks(object, attachments.toReversed());
  },
  'the ENIs of claims': (count) => {
    const node = nodeOf(count);
    return () => placeClaims(node);
  },
  'the plan of a node': (count) => {
    const node = nodeOf(count);
    return () => planOf(node);
  },
  'the subnets that are to be read again': (count) => {
    const node = nodeOf(count);
    return () => outdatedSubnets(node);
  },
  'the room of a node': (count) => {
    const node = nodeOf(count);
    const { verdicts } = planOf(node);
    return () => roomOfNode(node, verdicts);
  },
  'what an ENI has no room for': (count) => {
    const assign = assignments(count);
    return () => limitToRoom(assign, { enis: [eth1()], limits });
  },
  'who of another node holds each address': (count) => {
    const contested = assignments(count);
    const holder = holderNode({
      pods: [
        pod(
          'holder',
          ips(count).map((ip) => claim(ip)),
        ),
      ],
    });
    return () =>
      contested.map(({ claim: each }) =>
        decidePassing(held(each, { holderNode: holder }), each, []),
      );
  },
  'who of a lost node holds each address': (count) => {
    const contested = assignments(count);
    const stranded = [
      pod(
        'lost',
        ips(count).map((ip) => claim(ip)),
      ),
    ];
    return () =>
      contested.map(({ claim: each }) => decidePassing(held(each, { stranded }), each, []));
  },
  'the condition of a pod': (count) => {
    const outcome = { pod: plainPod(), placed: assignments(count), problems: [] };
    return () => conditionOf(outcome);
  },
  'what whereabouts keeps for nobody': (count) => {
    const annotations = { [NETWORK_STATUS]: JSON.stringify([{ name: 'net', ips: ips(count) }]) };
    const pods = [plainPod({ sandboxSince: 0, annotations })];
    const ranges = rangeList(...ips(count).map((ip) => `${ip}-${ip}`));
    return () => auditPools({ ranges, reservations: [] }, pods, 120_000);
  },
};

test.each(Object.entries(WORK))('%s costs each of its addresses the same', (_, made) => {
  const [few, many] = [50, 400].map((count) => workOf(made(count)));
  expect(few).toBeGreaterThan(0);
  // Eight times as many: what is gone through anew for each of them is sixty-four times as much.
  expect(many).toBeLessThan(20 * (few ?? 0));
});
