import { type Change, changesBetween } from '../changes.ts';
import { type MapData, type State, WRONG } from '../data.ts';
import { duration, instant } from '../words.ts';
import { detailsOf } from './details.ts';
import { type Filter, isOn } from './filter.ts';
import { type Item, nodeItems } from './items.ts';
import { drawLegend } from './legend.ts';
import { createList } from './list.ts';
import { element } from './row.ts';
import { listen } from './source.ts';
import { subnetItems } from './subnet-items.ts';

/** Data of this age, ms, are called old: they are read every fifteen seconds, where that is fast. */
const OLD_MS = 60_000;
const CHANGES_SHOWN = 50;
const GRID_WIDTH = 312;

const byId = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
};
const search = document.querySelector<HTMLInputElement>('#search');
if (search === null) throw new Error('the page has no search');

let data: MapData = { cluster: '', readAt: 0, nodes: [], subnets: [], missing: [] };
let filter: Filter = { text: '', states: new Set() };
let view: 'nodes' | 'subnets' = 'nodes';
let trouble = '';
const list = createList(byId('list'), byId('rows'), (cell) =>
  byId('details').replaceChildren(...detailsOf(cell)),
);

function update(changes: readonly Change[] = []): void {
  const { nodes } = data;
  const enis = nodes.reduce((sum, node) => sum + node.enis.length, 0);
  const addresses = nodes.reduce((sum, node) => sum + node.addresses.length, 0);
  byId('title').textContent = document.title = `${data.cluster}: where is everything?`;
  byId('summary').textContent = `${nodes.length} nodes, ${enis} ENIs, ${addresses} addresses`;
  const perRow = Math.max(1, Math.floor((byId('list').clientWidth - 32) / GRID_WIDTH));
  const items = view === 'nodes' ? nodeItems(data, filter) : subnetItems(data, filter, perRow);
  list.show(items, cellsOf(items, changes));
  byId('found').textContent = foundText(items);
  byId('nodes').setAttribute('aria-pressed', String(view === 'nodes'));
  byId('subnets').setAttribute('aria-pressed', String(view === 'subnets'));
  byId('wrong').setAttribute('aria-pressed', String(isWrongOnly()));
  drawLegend(byId('legend'), data, filter, toggle);
  tick();
}

function cellsOf(items: readonly Item[], changes: readonly Change[]): Set<string> {
  const changed = new Set(changes.map(({ address, node }) => `${node} ${address}`));
  if (changed.size === 0) return new Set();
  const cells = items.flatMap((item) => item.cells);
  const isOne = ({ address, entries }: (typeof cells)[number]): boolean =>
    entries.some(({ node }) => changed.has(`${node} ${address}`));
  return new Set(cells.filter(isOne).map(({ key }) => key));
}

function foundText(items: readonly Item[]): string {
  if (!isOn(filter)) return '';
  const cells = items.flatMap((item) => item.cells).filter(({ dim }) => !dim).length;
  return cells === 0 ? 'Nothing is found.' : `${cells} found.`;
}

function isWrongOnly(): boolean {
  const { states } = filter;
  return states.size === WRONG.length && WRONG.every((state) => states.has(state));
}

function toggle(state: State): void {
  filter = { ...filter, states: filter.states.symmetricDifference(new Set([state])) };
  update();
}

/** How old it is, and what is in the way of newer data. */
function tick(): void {
  const age = Date.now() - data.readAt;
  byId('age').textContent = isLive ? `read ${duration(age)} ago` : `as of ${instant(data.readAt)}`;
  const isOld = isLive && (age > OLD_MS || trouble !== '');
  const old = byId('old');
  const text = [...(isOld ? [`This is old. ${trouble}`] : []), ...data.missing].join(' ');
  old.hidden = text === '';
  if (old.textContent !== text) old.textContent = text;
}

function tell(changes: readonly Change[]): void {
  if (changes.length === 0) return;
  byId('no-changes').hidden = true;
  const at = instant(data.readAt).slice(11);
  const shown = changes.slice(0, CHANGES_SHOWN);
  const log = byId('changes');
  log.prepend(...shown.map(({ text }) => element('li', { text: `${at} ${text}` })));
  while (log.children.length > CHANGES_SHOWN) log.lastElementChild?.remove();
}

search.addEventListener('input', () => {
  filter = { ...filter, text: search.value.trim().toLowerCase() };
  update();
});
for (const name of ['nodes', 'subnets'] as const) {
  byId(name).addEventListener('click', () => {
    view = name;
    byId('list').scrollTop = 0;
    update();
  });
}
byId('wrong').addEventListener('click', () => {
  filter = { ...filter, states: new Set(isWrongOnly() ? [] : WRONG) };
  update();
});
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === '/' && document.activeElement !== search) search.focus();
  else if (event.key === 'Escape') {
    search.value = '';
    filter = { text: '', states: new Set() };
    update();
    byId('list').focus();
  } else if (document.activeElement !== byId('list') || !list.press(event.key)) return;
  event.preventDefault();
});

// It scrolls, so the keyboard has to get at it.
byId('aside').tabIndex = 0;

const isLive = listen({
  whole(all) {
    const changes = data.cluster === '' ? [] : changesBetween(data, all.nodes);
    data = all;
    trouble = '';
    tell(changes);
    update(changes);
  },
  change({ gone, ...rest }) {
    const changes = changesBetween(data, rest.nodes);
    const left = new Set(gone);
    const kept = new Map(
      data.nodes.filter(({ name }) => !left.has(name)).map((node) => [node.name, node]),
    );
    for (const node of rest.nodes) kept.set(node.name, node);
    const nodes = [...kept.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    data = { ...data, ...rest, nodes };
    trouble = '';
    tell(changes);
    update(changes);
  },
  heard(why = '') {
    trouble = why;
    if (why === '') data = { ...data, readAt: Date.now() };
    tick();
  },
  lost() {
    trouble = 'The program that sends it has ended, or cannot be reached.';
    tick();
  },
});
if (isLive) setInterval(tick, 1000);
window.addEventListener('resize', () => view === 'subnets' && update());
