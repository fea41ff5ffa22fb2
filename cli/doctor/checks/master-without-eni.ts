import type { Check } from '../check.ts';
import { enisAt, mastersIn } from '../masters.ts';

/** A master at whose device index no node has an ENI. */
export const masterWithoutEni: Check = {
  code: 'ME104',
  name: 'master-without-eni',
  reason: 'No ENI is there for what the definition gives out.',
  fix: 'Correct the master, or attach the ENI at that device index.',
  source: 'docs/design.md, "Which ENI an address belongs to"',
  asks: 'cluster',
  find({ view, networks }) {
    if (view === undefined) return [];
    return mastersIn(networks)
      .filter(({ index }) => enisAt(view, index).length === 0)
      .map(({ network, index }) => ({
        about: network.network,
        text: `${network.network} has the master ${network.master}, and no node has an ENI at device index ${index}`,
      }));
  },
};
