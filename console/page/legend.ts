import { type MapData, STATES, type State } from '../data.ts';
import { type Shown, WORDS } from '../words.ts';
import type { Filter } from './filter.ts';
import { element } from './row.ts';

/** What the colours say, with how many there are of each; pressed, only those are shown. */
export function drawLegend(
  list: HTMLElement,
  { nodes }: MapData,
  { states }: Filter,
  toggle: (state: State) => void,
): void {
  const counts = new Map<State, number>();
  for (const { addresses } of nodes) {
    for (const { state } of addresses) counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  const shown = Object.keys(WORDS).filter((each): each is Shown => each in WORDS);
  const focused = document.activeElement?.getAttribute('data-state');
  const entries = shown.map((each) => {
    const state = STATES.find((one) => one === each);
    const swatch = element('span', { className: `swatch ${each}` });
    const count = state === undefined ? '' : ` ${counts.get(state) ?? 0}`;
    const text = element('span', { text: `${WORDS[each]}${count}` });
    if (state === undefined) return element('li', { className: 'reserved-entry' }, [swatch, text]);
    const button = element('button', {}, [swatch, text]);
    button.type = 'button';
    button.dataset.state = state;
    button.setAttribute('aria-pressed', String(states.has(state)));
    button.addEventListener('click', () => toggle(state));
    return element('li', {}, [button]);
  });
  list.replaceChildren(...entries);
  if (focused) list.querySelector<HTMLElement>(`[data-state="${focused}"]`)?.focus();
}
