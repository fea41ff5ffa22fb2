import type { Address } from '../../shared/address.ts';
import { foundIn } from '../../shared/drift/drift.ts';
import type { Eni } from '../../shared/enis/eni.ts';
import { inPrefixOf } from '../../shared/enis/eni-facts.ts';
import { eniName, podName } from '../view/text.ts';
import type { View } from '../view/view.ts';
import { explainClaim, placeOf } from './claim.ts';
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
  const lines: Line[] = [...having.map((eni) => hasLine(view, eni, address)), ...stranded];
  if (having.length === 0) lines.push({ section: 'plan', text: `${address} is on no ENI.` });
  return { address, lines, claims, conclusion: conclude(view, address, having, claims) };
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
  for (const [name, { drift }] of view.nodes) {
    const { foreign: left, leaked: leaking } = foundIn(drift);
    const leaked = leaking.find((each) => each.address === address);
    if (leaked) {
      const text = `leaked: nobody claims it, and the ENILedger has it: the reconcile of ${name} releases it from ${leaked.eniId}.`;
      return { kind: 'leaked', fine: false, text };
    }
    const foreign = left.find((each) => each.address === address);
    if (foreign) {
      const advice = `it is in no ENILedger, so it is left alone. Unassign it, or run multus-eni ledger adopt ${foreign.eniId} ${address}`;
      return { kind: 'foreign', fine: false, text: `foreign: nobody claims it, and ${advice}.` };
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
