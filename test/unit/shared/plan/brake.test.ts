import { describe, expect, it } from 'vitest';
import { FLOATING_IPS } from '../../../../shared/cluster/annotations.ts';
import { countAddresses, isMass, NEVER_TOO_MANY } from '../../../../shared/plan/brake.ts';
import { plainPod } from '../../../support/plain-pod.ts';
import { eth1, eth3, readings, type Written } from './fixtures.ts';

describe('the brake counts', () => {
  const [a, b, c, foreign] = ['172.16.1.70', '172.16.1.71', '172.16.1.72', '172.16.1.200'];
  const enis = [eth1([a, b, foreign]), eth3([c])];
  const pods = [plainPod({ annotations: { [FLOATING_IPS]: JSON.stringify([a]) } })];
  const count = (written: Written) => {
    const nodes = enis.map(({ instanceId = '' }) => ({ instanceId }));
    const said = { kind: 'ledgers', byEni: readings(enis, written) } as const;
    const counted = countAddresses({ enis, ledgers: said, nodes, pods, networks: new Map() });
    return { addresses: counted.addresses, left: [...counted.left] };
  };

  it('what the ledgers have of what the ENIs have, and what of it no pod claims', () => {
    expect(count({ 'eni-1': { [foreign]: 'none', '172.16.1.99': 'releasing gone' } })).toEqual({
      addresses: 3,
      left: [`eni-1/${b}`, `eni-3/${c}`],
    });
  });

  it('nothing on an ENI whose ledger cannot be used', () => {
    expect(count({ 'eni-1': 'unusable' })).toEqual({ addresses: 1, left: [`eni-3/${c}`] });
  });
});

describe('a mass is', () => {
  const mass = (unclaimed: number, addresses: number, released = 0) =>
    isMass({ unclaimed, addresses, released }, 0.5);

  it('more than the share of what there was, with what was released before', () => {
    expect(mass(50, 100)).toBe(false);
    expect(mass(51, 100)).toBe(true);
    expect(mass(41, 80, 20)).toBe(true);
    expect(mass(30, 80, 20)).toBe(false);
  });

  it('never so few that their share says nothing', () => {
    expect(mass(NEVER_TOO_MANY, NEVER_TOO_MANY)).toBe(false);
    expect(mass(NEVER_TOO_MANY + 1, NEVER_TOO_MANY + 1)).toBe(true);
  });
});
