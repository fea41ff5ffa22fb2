import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Address } from '../../../../shared/address.ts';
import { entryOf } from '../../../../shared/plan/ledger.ts';
import { outdatedSubnets } from '../../../../shared/plan/outdated-subnets.ts';
import { claimsOf } from '../../../support/oracle/rightful.ts';
import { nodes } from './arbitraries.ts';
import { claimant, holderNode, takeOver } from './contested.ts';
import {
  address,
  cidr,
  claim,
  decide,
  eth0,
  eth1,
  eth2,
  onEth1,
  type PlanInput,
  planOf,
  pod,
  SUBNETS,
  says,
  type Written,
} from './fixtures.ts';
import { linesOf } from './lines.ts';

const X = '172.16.1.70';
const V6 = '2001:db8:0:1::70';

/** The subnet of another VPC that has the block of eth1's. */
const subnets = new Map(SUBNETS).set('subnet-other', {
  id: 'subnet-other',
  blocks: ['172.16.1.0/24', '2001:db8:0:1::/64'].map(cidr),
});
const OTHER = { vpcId: 'vpc-2', subnetId: 'subnet-other' };
const other = (...secondary: string[]) => eth2(secondary, { ...OTHER, primary: ['172.16.1.11'] });
const BY_MAC = claim(X, { mac: '02:00:00:00:00:01' });
const onOther = (text: string) => claim(text, { master: 'eth2' });

describe('on a node with ENIs of two VPCs that have equal blocks', () => {
  it('two pods that claim one address, each in its VPC, have it both', () => {
    const pods = [pod('p1', [onEth1(X)]), pod('p2', [onOther(X)], { namespace: 'ns2' })];
    expect(decide({ subnets, enis: [eth0(), eth1(), other()], pods })).toEqual([
      'assign 172.16.1.70 on eni-1 for p1',
      'assign 172.16.1.70 on eni-2 for p2',
    ]);
    expect(decide({ subnets, enis: [eth0(), eth1([X]), other(X)], pods })).toEqual([
      'keep 172.16.1.70 on eni-1 for p1',
      'keep 172.16.1.70 on eni-2 for p2',
    ]);
  });

  it('what one VPC has is not moved into the other', () => {
    const pods = [pod('p2', [onOther(X)])];
    expect(decide({ subnets, enis: [eth0(), eth1([X]), other()], pods })).toEqual([
      'assign 172.16.1.70 on eni-2 for p2',
      'release 172.16.1.70 on eni-1',
    ]);
  });

  it('a primary address of one is an ordinary one in the other, and so is one of its prefixes', () => {
    const enis = [eth0(), eth1([], { prefixes: ['172.16.1.64/28'] }), other()];
    const pods = [pod('p2', [onOther('172.16.1.10'), onOther(X)])];
    expect(decide({ subnets, enis, pods })).toEqual([
      'assign 172.16.1.10 on eni-2 for p2',
      'assign 172.16.1.70 on eni-2 for p2',
    ]);
  });

  it.each([
    ['that fits no ENI', claim(X, { mac: '02:00:00:00:00:00' }), {}],
    ['that fits several', claim(X), {}],
    ['that is for an ENI which cannot have it', claim(X, { master: 'eth0' }), {}],
    ['of several attachments', { ...onEth1(X), several: true } as const, {}],
    ['of a pod that the ledger of an ENI which is not in view names', onEth1(X), 'eni-9'],
    ['of a pod that the ledger of the other VPC’s ENI names', BY_MAC, 'eni-2'],
    ['of an annotation that cannot be read', { ...claim(X), unreadable: true } as const, 'eni-1'],
  ] as const)('a claim %s keeps its address from being released in either', (_, made, on) => {
    const written = typeof on === 'string' ? { [on]: { [X]: 'assigned p' } } : {};
    const pods = [pod('p', [made])];
    const lines = decide({ subnets, enis: [eth0(), eth1([X]), other(X)], pods, written });
    expect(lines.filter((line) => line.startsWith('release'))).toEqual([]);
  });

  it('a terminating pod keeps what a ledger of one VPC names it for, though its MAC names the other', () => {
    const claims = [claim(X, { mac: '02:00:00:00:00:02' })];
    const pods = [pod('p', claims, { terminating: true })];
    const written = { 'eni-1': { [X]: 'assigned p' } };
    expect(decide({ subnets, enis: [eth0(), eth1([X]), other()], pods, written })).toEqual([
      'hold 172.16.1.70 on eni-1 for p',
    ]);
  });

  it('who claims an address in one VPC is not the holder of the other’s', () => {
    const enis = [eth0(), eth1([X]), other(X)];
    const takenFrom = (one: ReturnType<typeof pod>, written: Written = {}) =>
      takeOver({
        claimant: claimant({ namespace: 'ns2' }),
        eni: enis[1] ?? eth1(),
        holderNode: holderNode({ subnets, enis, pods: [one], written }),
        written,
      });
    expect(takenFrom(pod('p', [onOther(X)]))).toBe('take');
    expect(takenFrom(pod('p', [onEth1(X)]))).toBe('conflict with p');
    expect(takenFrom(pod('p', [onOther(X)]), says('assigned p'))).toBe('conflict with p');
  });

  it('the subnets are not read again because the other VPC has a claimed IPv6 address', () => {
    const enis = [eth0(), eth1([V6]), other(V6)];
    const pods = [pod('p1', [onEth1(V6)]), pod('p2', [onOther(V6)])];
    expect(outdatedSubnets({ subnets, enis, pods, podObjects: new Map() })).toEqual([]);
  });
});

/** The second node's part: its ENIs in a VPC of their own, with the blocks of the first. */
function inOtherVpc(node: PlanInput): PlanInput {
  const enis = node.enis.map((eni) => {
    const subnetId = `${eni.subnetId}-other`;
    return { ...eni, subnetId, vpcId: 'vpc-2', deviceIndex: 10 + (eni.deviceIndex ?? 0) };
  });
  const blocks = [...SUBNETS.values()].map(({ id, blocks }) => ({ id: `${id}-other`, blocks }));
  return { ...node, enis, subnets: new Map(blocks.map((subnet) => [subnet.id, subnet])) };
}

/** Without what does not say of itself which of the ENIs it means: of two VPCs both may be meant. */
function saysWhere(node: PlanInput): PlanInput {
  const macs = new Set(node.enis.filter(({ managed }) => managed).map(({ mac }) => mac));
  const pods = node.pods.map((pod) => {
    const claims = pod.claims.filter(({ mac }) => mac !== undefined && macs.has(mac));
    return { ...pod, claims, unreadable: [] };
  });
  return { ...node, pods, limits: undefined };
}

const LEFT = /^(?:release|foreign) (\S+)|^(?:keep|problem) (\S+) (?:on|unrecorded) /;

/** An ENI has it, and its ledger has not. */
function isUnrecorded({ enis, ledgers }: PlanInput, of: Address): boolean {
  return enis.some(
    ({ id, secondary }) => secondary.includes(of) && entryOf(ledgers, id, of) === undefined,
  );
}

describe('on any node with ENIs of two VPCs', () => {
  it('a plan is what it would be for each VPC alone, but for a claim that fits no ENI', () => {
    fc.assert(
      fc.property(nodes({ min: 2, max: 2 }), ([first, second]) => {
        if (first === undefined || second === undefined) throw new Error('two were asked for');
        const [a, b] = [saysWhere(first), saysWhere(inOtherVpc(second))];
        const both = {
          ...a,
          enis: [...a.enis, ...b.enis],
          subnets: new Map([...a.subnets, ...b.subnets]),
          pods: [...a.pods, ...b.pods],
          ledgers: { of: (id: string) => a.ledgers.of(id) ?? b.ledgers.of(id) },
        };
        const [together, ...each] = [both, a, b].map((node) => linesOf(planOf(node)));
        const apart = each.flat().sort();
        const fitsNone = (text: string): boolean =>
          [a, b].some((node) => claimsOf(node, address(text)).some((each) => !each.eni));
        // It keeps what is there from being released or adopted in either VPC.
        const leaves = (line: string): boolean => {
          const [, released, adopted] = LEFT.exec(line) ?? [];
          const text = released ?? adopted;
          if (text === undefined || !fitsNone(text)) return false;
          return released !== undefined || isUnrecorded(both, address(text));
        };
        const counted = (lines: readonly string[] = []) => lines.filter((line) => !leaves(line));
        expect(counted(together)).toEqual(counted(apart));
        for (const line of together ?? []) {
          if (/^(release|foreign)/.test(line)) expect(apart).toContain(line);
        }
      }),
      { numRuns: 700 },
    );
  });
});
