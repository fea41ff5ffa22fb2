import type { Check } from '../check.ts';
import { indexOf } from '../masters.ts';

/** A master in a style that says nothing of the device index. */
export const masterSaysNothing: Check = {
  code: 'ME105',
  name: 'master-says-nothing',
  reason:
    'A name such as ens6 does not say which ENI it is: then the MAC decides, or the subnet if one ENI alone is in it.',
  fix: 'Use the ethN names of Amazon Linux, or rely on the MAC, as ipvlan and host-device have it.',
  source: 'docs/design.md, "Which ENI an address belongs to"',
  asks: 'manifests',
  find: ({ networks }) =>
    [...networks.values()]
      .filter(({ ignored, master, type, ranges }) => {
        const hasMac = type === 'ipvlan' || type === 'host-device';
        const isVague = master !== undefined && indexOf(master) === undefined;
        return !ignored && isVague && !hasMac && ranges.length > 0;
      })
      .map(({ network, master, type }) => ({
        about: network,
        text: `${network} (${type ?? 'no type'}) has the master ${master}, which names no device index`,
      })),
};
