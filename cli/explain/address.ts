import type { Address } from '../../shared/address.ts';
import { foundIn } from '../../shared/drift/drift.ts';
import type { Eni } from '../../shared/enis/eni.ts';
import { inPrefixOf } from '../../shared/enis/eni-facts.ts';
import { entryOf } from '../../shared/plan/ledger.ts';
import { whyForeign } from '../view/rows.ts';
import { eniName, podName } from '../view/text.ts';
import type { View } from '../view/view.ts';
import { explainClaim, ledgerLine, placeOf } from './claim.ts';
import type { Derivation, Line } from './derivation.ts';

/** Who has an address, who claims it, and whose it is to release. */
export interface AddressExplanation {
  readonly address: Address;
  readonly lines: readonly Line[];
  /** Of each pod that claims it. */
  readonly claims: readonly (Derivation & { readonly pod: string; readonly node: string })[];
  readonly conclusion: { readonly kind: string; readonly fine: boolean; readonly text: string };
}

/** @param elsewhere ENIs that have it and that the view does not know. */
export function explainAddress(
  view: View,
  address: Address,
  elsewhere: readonly Eni[],
): AddressExplanation {
  const known = view.allEnis.filter((eni) => hasIn(eni, address));
  const having = [...known, ...elsewhere.filter(({ id }) => !known.some((eni) => eni.id === id))];
  const claims = [...view.nodes].flatMap(([name, node]) =>
    node.state.pods.flatMap((pod) =>
      pod.claims
        .filter((claim) => claim.address === address)
        .map((claim) => ({
          pod: podName(pod.pod),
          node: name,
          ...explainClaim({ view, node, pod, claim }),
        })),
    ),
  );
  const stranded = (view.state.stranded.get(address) ?? []).map(({ pod, node }): Line => {
    const text = `${podName(pod)} claims it, on ${node}, which is no node with an instance of its own.`;
    return { section: 'clusters', text };
  });
  const recorded = claims.length > 0 ? [] : recordedLines(view, having, address);
  const lines: Line[] = [
    ...having.map((eni) => hasLine(view, eni, address)),
    ...recorded,
    ...stranded,
  ];
  if (having.length === 0) lines.push({ section: 'plan', text: `${address} is on no ENI.` });
  return { address, lines, claims, conclusion: conclude(view, address, having, claims) };
}

/** What the ledgers say of an address that no pod claims; of each pod that claims it, its derivation tells. */
function recordedLines(view: View, having: readonly Eni[], address: Address): Line[] {
  const ids = new Set(having.map(({ id }) => id));
  return [...view.nodes.values()].flatMap(({ state }) =>
    state.enis
      .filter(({ id, managed }) => {
        return managed && (ids.has(id) || entryOf(state.ledgers, id, address) !== undefined);
      })
      .map((eni) => ledgerLine(state, eni, address)),
  );
}

function hasIn(eni: Eni, address: Address): boolean {
  return (
    eni.primary.includes(address) || eni.secondary.includes(address) || inPrefixOf(eni, address)
  );
}

function hasLine(view: View, eni: Eni, address: Address): Line {
  const as = eni.primary.includes(address)
    ? 'the primary address'
    : eni.secondary.includes(address)
      ? 'a secondary address'
      : 'within a prefix that is delegated';
  const managed = eni.managed ? '' : '; the ENI is not managed';
  const text = `${address} is ${as} of ${eniName(eni)} of ${placeOf(view, eni)}${managed}.`;
  return { section: eni.primary.includes(address) ? 'eni' : 'plan', text };
}

function conclude(
  view: View,
  address: Address,
  having: readonly Eni[],
  claims: AddressExplanation['claims'],
): AddressExplanation['conclusion'] {
  const bad = claims.filter(({ conclusion }) => !conclusion.fine);
  if (claims.length > 0) {
    const kind = bad[0]?.conclusion.kind ?? 'keep';
    const text = `${claims.length === 1 ? 'One pod claims' : `${claims.length} pods claim`} it; ${bad.length === 0 ? 'nothing is to be done' : `of these ${bad.length} ${bad.length === 1 ? 'does' : 'do'} not have it`}.`;
    return { kind, fine: bad.length === 0, text };
  }
  for (const [name, { drift, state }] of view.nodes) {
    const { foreign: left, leaked: leaking } = foundIn(drift);
    const leaked = leaking.find((each) => each.address === address);
    if (leaked) {
      const whose =
        entryOf(state.ledgers, leaked.eniId, address) === undefined
          ? 'the setting ours has it'
          : 'the ENILedger has it';
      const text = `leaked: nobody claims it, and ${whose}: the reconcile of ${name} releases it from ${leaked.eniId}.`;
      return { kind: 'leaked', fine: false, text };
    }
    const foreign = left.find((each) => each.address === address);
    if (foreign) {
      const text = `foreign: claimed by nobody, ${whyForeign(state, foreign)}.`;
      return { kind: 'foreign', fine: false, text };
    }
  }
  if (having.length === 0)
    return { kind: 'free', fine: true, text: 'free: nobody has or claims it.' };
  return {
    kind: 'not-ours',
    fine: true,
    text: 'not ours: nobody claims it here, and it is left alone.',
  };
}
