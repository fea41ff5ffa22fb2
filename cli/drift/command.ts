import type { Look } from '../access/access.ts';
import { unlessRefused } from '../access/access.ts';
import { EXIT } from '../exit-code.ts';
import { BadInput, Failed } from '../failure.ts';
import { count, type Output } from '../output.ts';
import { partly } from '../view/partial.ts';
import { printPolicy } from '../view/policy.ts';
import { type AddressRow, allRows, isWrong } from '../view/rows.ts';
import { readView, type View } from '../view/view.ts';
import { COLUMNS, labelled, wrap } from '../wrap.ts';

/** What can be wrong with an address, in the words of the glossary. */
export const KINDS = ['missing', 'leaked', 'foreign', 'conflict', 'full', 'problem'] as const;
export type Kind = (typeof KINDS)[number];

/** What fails a run unless the operator says otherwise: what is foreign may be meant. */
export const FAILING: readonly Kind[] = ['missing', 'leaked', 'conflict', 'full', 'problem'];

/** @throws BadInput for a kind that does not exist. */
export function kindsIn(text: string): Kind[] {
  return text.split(',').map((word) => {
    const kind = KINDS.find((each) => each === word.trim());
    if (kind !== undefined) return kind;
    throw new BadInput(`--fail-on ${word}: there is no such kind; there are ${KINDS.join(', ')}`);
  });
}

/** What one cluster's addresses differ in. */
export interface ClusterDrift {
  readonly cluster: string;
  readonly nodes: number;
  readonly pods: number;
  readonly enis: number;
  readonly counts: Readonly<Record<Kind, number>>;
  readonly addresses: readonly AddressRow[];
  readonly toReconcile: readonly string[];
  readonly unreadableNetworks: readonly { readonly network: string; readonly detail: string }[];
  /** What could not be read, and why. */
  readonly missing?: readonly string[];
}

/**
 * What every node's reconcile would do now, and why.
 *
 * @returns the exit code: 1 if something could not be read, else 4 where there is a drift of one of the
 *   kinds.
 * @throws Failed if the only cluster cannot be read.
 */
export async function driftCommand(
  looks: readonly Look[],
  failOn: readonly Kind[],
  output: Output,
): Promise<number> {
  const drifts: ClusterDrift[] = [];
  const missing: string[] = [];
  for (const look of looks) {
    try {
      const drift = await driftOfOne(look, output);
      drifts.push(drift);
      missing.push(...(drift.missing ?? []));
      printPolicy(output, look);
      print(output, drift);
    } catch (error) {
      // Of several clusters the others are told all the same.
      if (looks.length === 1 || !(error instanceof Failed)) throw error;
      missing.push(error.message);
    }
  }
  const calls = looks.reduce((sum, look) => sum + look.calls(), 0);
  output.result({ clusters: drifts, ...(missing.length > 0 && { missing }), calls });
  const isFailing = drifts.some(({ counts }) => failOn.some((kind) => counts[kind] > 0));
  return partly(isFailing ? EXIT.found : EXIT.ok, missing, output);
}

async function driftOfOne({ access }: Look, output: Output): Promise<ClusterDrift> {
  const view = await unlessRefused(access.cluster, () => readView(access, output.progress));
  return { ...driftIn(view), ...(view.missing.length > 0 && { missing: view.missing }) };
}

/** The drift of a cluster that was read. Pure. */
export function driftIn(view: View): ClusterDrift {
  const addresses = allRows(view).filter(isWrong);
  const counts = { missing: 0, leaked: 0, foreign: 0, conflict: 0, full: 0, problem: 0 };
  for (const row of addresses) counts[kindOf(row)] += 1;
  const { unreadable } = view.state.networks;
  return {
    cluster: view.cluster,
    nodes: view.nodes.size,
    pods: view.allPods.length,
    enis: view.allEnis.length,
    counts,
    addresses,
    toReconcile: [...view.nodes].flatMap(([name, { drift }]) => (drift.toReconcile ? [name] : [])),
    unreadableNetworks: unreadable.map(({ network, detail }) => {
      return { network: `${network.namespace}/${network.name}`, detail };
    }),
  };
}

/** An address that is to move is missing where it belongs: a sweep counts it so, too. */
function kindOf({ state, kind }: AddressRow): Kind {
  if (state === 'missing' || state === 'moving') return 'missing';
  if (state === 'leaked' || state === 'foreign') return state;
  if (kind === 'conflict' || kind === 'held-elsewhere') return 'conflict';
  return kind === 'eni-full' ? 'full' : 'problem';
}

/** `2 missing, 1 leaked`, or `no drift`. */
export function countsText(counts: ClusterDrift['counts']): string {
  const some = KINDS.filter((kind) => counts[kind] > 0).map((kind) => `${counts[kind]} ${kind}`);
  return some.length === 0 ? 'no drift' : some.join(', ');
}

function print(output: Output, drift: ClusterDrift): void {
  const { cluster, nodes, pods, enis, counts, addresses, toReconcile } = drift;
  const text = countsText(counts);
  const size = `${count(nodes, 'node')}, ${count(pods, 'pod')}, ${count(enis, 'ENI')}`;
  output.line(`${cluster}: ${size}: ${text}`, text === 'no drift' ? 'good' : 'bad');
  for (const [node, rows] of Map.groupBy(addresses, (row) => row.node)) {
    output.line('');
    for (const line of wrap(node, COLUMNS)) output.line(line);
    for (const row of rows) {
      const where = row.eniId === undefined ? '' : ` on ${row.eniId}`;
      const who = row.pod === undefined ? '' : `, claimed by ${row.pod}`;
      const what = `${row.kind ?? row.state}${where}${who}: ${row.text}`;
      for (const line of labelled(row.address, what, 2, Math.max(17, row.address.length + 2))) {
        output.line(line);
      }
    }
  }
  for (const { network, detail } of drift.unreadableNetworks) {
    for (const line of wrap(`network ${network} cannot be read: ${detail}`, COLUMNS)) {
      output.line(line, 'bad');
    }
  }
  if (toReconcile.length === 0) return;
  output.line('');
  const some = toReconcile.slice(0, 5).join(', ');
  const more = toReconcile.length > 5 ? ` and ${toReconcile.length - 5} more` : '';
  for (const line of wrap(`A reconcile would change something at ${some}${more}.`, COLUMNS)) {
    output.line(line);
  }
}
