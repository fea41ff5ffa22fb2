import { foundIn } from '../../../shared/drift/drift.ts';
import type { View } from '../../view/view.ts';
import type { Check, Finding } from '../check.ts';
import { ifKnown, type Unasked } from '../maybe-known.ts';

/** So many addresses of one ENI are named. */
const NAMED = 5;

/** Addresses on a managed ENI that are in no ledger, and that no pod claims. */
export const addressForeign: Check = {
  code: 'ME109',
  name: 'address-foreign',
  reason: 'Nobody releases it, no pod gets it, and it takes a place of the ENI.',
  fix: 'If it is yours, leave it, or unassign it. If a pod of the cluster had it: multus-eni ledger adopt <eni> <address>.',
  source: 'docs/adopting.md; docs/reference/eni-ledger.md',
  asks: 'installed',
  find: ({ view }) =>
    withLedgers(view, ({ nodes }) =>
      [...nodes].flatMap(([node, { drift }]) =>
        [...Map.groupBy(foundIn(drift).foreign, ({ eniId }) => eniId)].map(([eniId, foreign]) => {
          const some = foreign.slice(0, NAMED).map(({ address }) => address);
          const more = foreign.length > NAMED ? ` and ${foreign.length - NAMED} more` : '';
          return { about: eniId, text: `${eniId} of ${node} has ${some.join(', ')}${more}` };
        }),
      ),
    ),
};

/** The cluster does not know the kind. */
export const ledgerMissing: Check = {
  code: 'ME513',
  name: 'ledger-missing',
  reason:
    'The functions assign only what nobody has: they release nothing, move nothing and take nothing over.',
  fix: 'kubectl apply -k deploy/overlays/<cluster>, or the chart: both bring the kind ENILedger and the rights on it.',
  source: 'docs/reference/eni-ledger.md; deploy/base/eni-ledger.yaml',
  asks: 'installed',
  find({ view }) {
    if (view?.ledgers.kind !== 'unusable' || view.ledgers.why === 'forbidden') return [];
    return [{ about: 'eniledgers.multus-eni.dev', text: view.ledgers.detail }];
  },
};

/** The ledger of an ENI says what nobody understands. */
export const ledgerUnreadable: Check = {
  code: 'ME514',
  name: 'ledger-unreadable',
  reason: 'Nothing is released on that ENI, and nothing moves to or from it.',
  fix: 'Undo the edit. Otherwise delete it: kubectl delete eni <eni>. The functions write it anew from what pods claim; all else is foreign then.',
  source: 'docs/reference/eni-ledger.md',
  asks: 'installed',
  find: ({ view }) =>
    withLedgers(view, ({ ledgers }) =>
      ledgers.kind === 'unusable'
        ? []
        : [...ledgers.byEni].flatMap(([eniId, reading]) =>
            reading.kind === 'unusable'
              ? [{ about: eniId, text: `${eniId}: ${reading.detail}` }]
              : [],
          ),
    ),
};

/** Nothing bounds what pods make ours. */
export const rangesUnset: Check = {
  code: 'ME515',
  name: 'ranges-unset',
  reason:
    'A pod that claims an address of its node’s ENI makes it ours, whoever put it there: it is released after the pod.',
  fix: 'Set ranges of the stage or the cluster to what pods may have, and deploy.',
  source: 'docs/security.md; docs/reference/settings.md',
  asks: 'installed',
  find({ hasRanges, view }) {
    if (hasRanges === undefined || view === undefined) return [];
    return ifKnown(hasRanges, (has) =>
      has ? [] : [{ about: view.cluster, text: `${view.cluster} has no ranges, so no bound` }],
    );
  },
};

/** What follows from the ledgers, if the operator may read them. */
function withLedgers(
  view: View | undefined,
  then: (view: View) => readonly Finding[],
): readonly Finding[] | Unasked {
  if (view === undefined) return [];
  if (view.ledgers.kind === 'ledgers') return then(view);
  const unasked =
    view.ledgers.why === 'forbidden'
      ? 'you lack the right list eniledgers.multus-eni.dev'
      : 'the ledgers cannot be read';
  return { unasked };
}
