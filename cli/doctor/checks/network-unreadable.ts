import type { Check } from '../check.ts';

/** A definition that cannot be read. */
export const networkUnreadable: Check = {
  code: 'ME206',
  name: 'network-unreadable',
  reason:
    'What it gives out counts as no range, so floating addresses there are not assigned, and its master is unknown.',
  fix: 'Correct spec.config or the annotation, or annotate it multus-eni.dev/ignore: "true".',
  source: 'docs/design.md, "The ledger"',
  asks: 'manifests',
  find: ({ unreadable }) =>
    unreadable.map(({ network: { namespace, name }, detail }) => ({
      about: `${namespace}/${name}`,
      text: `${namespace}/${name}: ${detail}`,
    })),
};
