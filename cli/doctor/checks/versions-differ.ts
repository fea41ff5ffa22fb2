import { VERSION } from '../../../shared/version.ts';
import type { Check, Finding } from '../check.ts';
import { ofStage } from '../stage/of-stage.ts';
import { versionOf } from '../versions.ts';

/** Parts of this product that are not of one version. */
export const versionsDiffer: Check = {
  code: 'ME509',
  name: 'versions-differ',
  reason: 'Functions take for unreadable what a newer forwarder adds to its messages.',
  fix: 'Deploy the functions first, then the forwarder’s image, and use the command line of the same version.',
  source: 'docs/design.md, "Messages"',
  asks: 'installed',
  find: ({ stage, systemPods = [] }) =>
    ofStage(stage, ({ version }) => {
      if (version === undefined)
        return { unasked: 'the functions do not say which version they are' };
      const forwarders = systemPods.filter(({ of }) => of === 'forwarder');
      const found = forwarders.flatMap(({ namespace, name, images }): Finding[] => {
        // A tag that is no version says nothing.
        const [other] = images.flatMap((image) => versionOf(image) ?? []);
        if (other === undefined || other === version) return [];
        const about = `${namespace}/${name}`;
        return [{ about, text: `${about} is ${other}, and the functions are ${version}` }];
      });
      if (version === VERSION) return found;
      const text = `this program is ${VERSION}, and the functions are ${version}`;
      return [...found, { about: 'multus-eni', text }];
    }),
};
