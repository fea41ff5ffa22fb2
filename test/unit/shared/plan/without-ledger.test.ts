import { describe, expect, it } from 'vitest';
import { writesOf } from './ec2-model.ts';
import { decide, eth0, eth1, eth3, onEth1, onEth3, planInput, planOf, pod } from './fixtures.ts';

/* Rule L15 of docs/design.md: on an ENI whose ledger cannot be used, only what nobody has is assigned. */

const [X, Y] = ['172.16.1.70', '172.16.1.71'];
const written = { 'eni-1': 'unusable' } as const;
const THERE = [eth0(), eth1([X]), eth3()];

describe('on an ENI whose ledger cannot be used', () => {
  it('what is there is kept, what is claimed is assigned, and nothing is written', () => {
    const spec = { enis: THERE, pods: [pod('p', [onEth1(X), onEth1(Y)])], written };
    expect(decide(spec)).toEqual([`assign ${Y} on eni-1 for p`, `keep ${X} on eni-1 for p`]);
    const input = planInput(spec);
    expect(writesOf(input, planOf(input), { now: 0, enisReadAt: 0 })).toEqual([]);
  });

  it('nothing is released, and nobody knows what is foreign', () => {
    expect(decide({ enis: THERE, written })).toEqual([]);
    expect(decide({ enis: THERE, written, isOurs: () => true })).toEqual([]);
  });

  it('what lies on another ENI of the node is released as usual', () => {
    const enis = [eth0(), eth1([X]), eth3([Y])];
    expect(decide({ enis, written })).toEqual([`release ${Y} on eni-3`]);
  });

  it('nothing moves from there', () => {
    expect(decide({ enis: THERE, pods: [pod('p', [onEth3(X)])], written })).toEqual([
      `problem ${X} held-elsewhere no-ledger for p`,
    ]);
  });

  it('nothing moves there', () => {
    const enis = [eth0(), eth1(), eth3([X])];
    expect(decide({ enis, pods: [pod('p', [onEth1(X)])], written })).toEqual([
      `problem ${X} held-elsewhere no-ledger for p`,
    ]);
  });

  it('nobody knows who of two namespaces has what is there: it stays, and both are told', () => {
    const pods = [pod('p', [onEth1(X)]), pod('q', [onEth1(X)], { namespace: 'other' })];
    expect(decide({ enis: THERE, pods, written })).toEqual([
      `problem ${X} unrecorded for p`,
      `problem ${X} unrecorded for q`,
    ]);
  });

  it('the oldest of two claimants of one namespace keeps what is there', () => {
    const pods = [pod('p', [onEth1(X)], { createdAt: 2 }), pod('q', [onEth1(X)], { createdAt: 1 })];
    expect(decide({ enis: THERE, pods, written })).toEqual([
      `keep ${X} on eni-1 for q`,
      `problem ${X} conflict with q for p`,
    ]);
  });

  it('a terminating pod still acquires nothing', () => {
    const pods = [pod('p', [onEth1(Y)], { terminating: true })];
    expect(decide({ enis: THERE, pods, written })).toEqual([]);
  });
});
