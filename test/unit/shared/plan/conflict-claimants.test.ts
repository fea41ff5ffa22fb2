import { describe, expect, it } from 'vitest';
import { decidePassing, type HolderNode } from '../../../../shared/plan/conflict.ts';
import type { Claimant } from '../../../../shared/plan/speaker.ts';
import { claimant, contested } from './contested.ts';
import { address, claim, eth1, pod } from './fixtures.ts';

const X = '172.16.1.70';

describe('several claimants of one node', () => {
  const toPlaced = (name: string, spec: Partial<Claimant> & { namespace?: string } = {}) => ({
    ...claimant({ name, ...spec }),
    address: address(X),
    node: 'node-b',
    recordedOn: [],
    eniId: `eni-of-${name}`,
  });
  const among = (
    pods: HolderNode['pods'],
    ...[speaker, ...rivals]: ReturnType<typeof toPlaced>[]
  ) => {
    if (speaker === undefined) throw new Error('nobody claims it');
    const { eniId, refused, taker } = decidePassing(
      contested({ eni: eth1([X]), pods }),
      speaker,
      rivals,
    );
    const told = refused.map(({ claim: { pod: of }, problem }) =>
      problem.kind === 'conflict'
        ? `${of.name}: conflict with ${problem.holder.pod.name} on ${problem.holder.eniId}`
        : `${of.name}: ${problem.kind}`,
    );
    return [...(taker ? [`${taker.pod.name} takes it onto ${eniId}`] : []), ...told];
  };
  const going = [pod('holder', [claim(X)], { terminating: true })];

  it('are told of the holder if none may have it', () => {
    const pods = [pod('holder', [claim(X)])];
    expect(among(pods, toPlaced('a', { namespace: 'other' }), toPlaced('b'))).toEqual([
      'a: conflict with holder on eni-1',
      'b: conflict with holder on eni-1',
    ]);
  });

  it('leave it to the one that may', () => {
    expect(among(going, toPlaced('a', { namespace: 'other' }), toPlaced('b'))).toEqual([
      'b takes it onto eni-of-b',
      'a: conflict with b on eni-of-b',
    ]);
  });

  it('leave it to the one that speaks for it, if it may', () => {
    expect(among(going, toPlaced('a'), toPlaced('b'))[0]).toBe('a takes it onto eni-of-a');
  });

  it('leave it at once to whom it would pass in the end', () => {
    const floating = (since: number) => ({ floating: true, since });
    const all = [
      toPlaced('a', { namespace: 'other' }),
      toPlaced('b', floating(11)),
      toPlaced('c', floating(12)),
    ] as const;
    expect(among(going, ...all)[0]).toBe('c takes it onto eni-of-c');
  });
});
