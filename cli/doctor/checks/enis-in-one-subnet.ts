import { eniName } from '../../view/text.ts';
import type { Check } from '../check.ts';
import { indexOf } from '../masters.ts';

/** Two managed ENIs of a node in one subnet, where a definition names no device. */
export const enisInOneSubnet: Check = {
  code: 'ME103',
  name: 'enis-in-one-subnet',
  reason: 'An attachment without the MAC of an ENI may fit both, and then gets no address.',
  fix: 'Name the device as the master of the NetworkAttachmentDefinition: eth1, eth2, …',
  source: 'docs/design.md, "Which ENI an address belongs to"',
  asks: 'cluster',
  find({ view, networks }) {
    if (view === undefined) return [];
    const vague = [...networks.values()].filter(
      ({ ignored, master, ranges }) =>
        !ignored && ranges.length > 0 && indexOf(master) === undefined,
    );
    if (vague.length === 0) return [];
    const names = vague.map(({ network }) => network).join(', ');
    return [...view.nodes].flatMap(([name, { state }]) => {
      const managed = state.enis.filter((eni) => eni.managed);
      const shared = [...Map.groupBy(managed, ({ subnetId }) => subnetId)].filter(
        ([, enis]) => enis.length > 1,
      );
      return shared.map(([subnetId, enis]) => ({
        about: name,
        text: `${enis.map(eniName).join(' and ')} of ${name} are in ${subnetId}, and no eth… is the master of ${names}`,
      }));
    });
  },
};
