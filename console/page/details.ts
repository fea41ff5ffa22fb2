import { instant, WORDS } from '../words.ts';
import type { Entry } from './filter.ts';
import type { Cell } from './items.ts';
import { element } from './row.ts';

/** All that is known of what is at a cell. */
export function detailsOf(cell: Cell): HTMLElement[] {
  const { address, entries } = cell;
  const title = element('p', {}, [element('strong', { text: address })]);
  if (entries.length === 0) return [title, element('p', { text: WORDS.reserved })];
  return [title, ...entries.map(entryList), element('code', { text: commandOf(entries) })];
}

function entryList(entry: Entry): HTMLElement {
  const { state, text, pod, interface: device, network, eni, node, since } = entry;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['is', `${WORDS[state]}: ${text}`],
    ['pod', pod],
    ['claim', [device, network].filter(Boolean).join(', of ') || undefined],
    ['ENI', eni],
    ['node', node],
    ['since', since === undefined ? undefined : instant(since)],
  ];
  const list = element('dl');
  for (const [name, value] of rows) {
    if (value === undefined) continue;
    list.append(element('dt', { text: name }), element('dd', { text: value }));
  }
  return list;
}

/** What to type to be told why. */
function commandOf([first, ...others]: readonly Entry[]): string {
  const isOnePod = others.length === 0 && first?.pod !== undefined;
  return isOnePod
    ? `multus-eni explain pod ${first.pod}`
    : `multus-eni explain ip ${first?.address}`;
}
