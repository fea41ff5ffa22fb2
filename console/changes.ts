import { type MapAddress, type MapData, type MapNode, STATES } from './data.ts';
import { WORDS } from './words.ts';

/** An address that is not what it was. */
export interface Change {
  readonly address: string;
  readonly node: string;
  readonly text: string;
}

/** What differs from one look to the next, at the nodes that have changed. */
export function changesBetween(before: MapData, nodes: readonly MapNode[]): Change[] {
  const byName = new Map(before.nodes.map((node) => [node.name, node]));
  return nodes.flatMap((node) => changesOf(byName.get(node.name), node));
}

function changesOf(before: MapNode | undefined, { name, addresses }: MapNode): Change[] {
  const was = statesOf(before?.addresses ?? []);
  const is = statesOf(addresses);
  const changes: Change[] = [];
  for (const address of new Set([...was.keys(), ...is.keys()])) {
    const [from, to] = [was.get(address), is.get(address)];
    if (from?.what === to?.what && from?.pod === to?.pod) continue;
    const pod = to?.pod ?? from?.pod;
    const of = pod === undefined ? '' : `, ${pod}`;
    const text = `${address}: ${from?.what ?? 'new'} → ${to?.what ?? 'gone'}${of}`;
    changes.push({ address, node: name, text });
  }
  return changes;
}

function statesOf(addresses: readonly MapAddress[]) {
  const byAddress = Map.groupBy(addresses, ({ address }) => address);
  return new Map(
    [...byAddress].map(([address, all]) => {
      const state = STATES.find((each) => all.some((one) => one.state === each)) ?? 'foreign';
      return [address, { what: WORDS[state], pod: all[0]?.pod }] as const;
    }),
  );
}
