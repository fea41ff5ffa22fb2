import { describe, expect, it } from 'vitest';
import { decide, eth0, eth1, eth3, onEth1, pod, rangesBoundTo, says } from './fixtures.ts';

const X = '172.16.1.70';
const THERE = [eth0(), eth1([X]), eth3()];
const mine = pod('mine', [onEth1(X)], { createdAt: 2 });
const going = { ...mine, terminating: true };

describe('a block that the configuration keeps for other namespaces', () => {
  const BLOCK = '172.16.1.64/28';
  const keptFor = (...namespaces: string[]) => rangesBoundTo('172.16.1.0/24', BLOCK, namespaces);
  const refused = (name: string) => `problem ${X} other-namespaces for ${name}`;

  it('gives a pod no address, and one outside of it all the same', () => {
    const pods = [pod('mine', [onEth1(X), onEth1('172.16.1.90')], { namespace: 'imsx' })];
    expect(decide({ pods, ranges: keptFor('core', 'ims', 'ims-*') })).toEqual([
      'assign 172.16.1.90 on eni-1 for mine',
      refused('mine'),
    ]);
  });

  it.each(['core', 'ims-a'])('gives them to a pod of %s, which it names', (namespace) => {
    const pods = [pod('mine', [onEth1(X)], { namespace })];
    expect(decide({ pods, ranges: keptFor('core', 'ims-*') })).toEqual([
      `assign ${X} on eni-1 for mine`,
    ]);
  });

  it('leaves what a live pod has, tells the pod, and keeps it from those who may have it', () => {
    const rightful = pod('rightful', [onEth1(X)], { createdAt: 1, namespace: 'core' });
    const decided = decide({
      enis: THERE,
      pods: [rightful, mine],
      written: says('assigned mine'),
      ranges: keptFor('core'),
    });
    expect(decided.toSorted()).toEqual(
      [
        `hold ${X} on eni-1 for mine`,
        refused('mine'),
        `problem ${X} conflict with mine for rightful`,
      ].toSorted(),
    );
  });

  it('passes nothing on within a namespace that it does not name', () => {
    const next = pod('next', [onEth1(X)], { createdAt: 3 });
    const input = { enis: THERE, written: says('assigned mine'), ranges: keptFor('core') };
    expect(decide({ ...input, pods: [going, next] })).toEqual([
      `hold ${X} on eni-1 for mine`,
      refused('next'),
    ]);
    expect(decide({ ...input, pods: [] })).toEqual([`release ${X} on eni-1`]);
  });
});
