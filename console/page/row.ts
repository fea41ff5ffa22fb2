import { WORDS } from '../words.ts';
import type { Block, Cell, CellLine, Item } from './items.ts';

const CELL_STEP = 18;

/** Makes an element; whatever it shows is text, never markup. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  { role, text, className }: { role?: string; text?: string; className?: string } = {},
  children: readonly Node[] = [],
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (role !== undefined) made.setAttribute('role', role);
  if (text !== undefined) made.textContent = text;
  if (className !== undefined) made.className = className;
  made.append(...children);
  return made;
}

/** One row of the list. @param changed the keys of cells that have just changed. */
export function rowElement(item: Item, index: number, changed: ReadonlySet<string>): HTMLElement {
  let number = 0;
  const cell = (each: Cell): HTMLElement => {
    const made = cellElement(each, `cell-${index}-${number}`, number, changed.has(each.key));
    number += 1;
    return made;
  };
  const parts = [
    ...(item.title === '' ? [] : [headElement(item)]),
    ...item.lines.map((line) => lineElement(line, cell)),
    ...(item.blocks.length === 0 ? [] : [blocksElement(item.blocks, cell)]),
  ];
  const row = element('div', { role: 'row', className: 'row' }, parts);
  row.dataset.index = String(index);
  row.setAttribute('aria-rowindex', String(index + 1));
  return row;
}

function headElement({ title, note }: Item): HTMLElement {
  const small = element('small', { text: ` ${note}` });
  const head = element('div', { role: 'rowheader', className: 'head', text: title });
  head.append(small);
  return head;
}

function lineElement(
  { label, cells, free }: CellLine,
  cell: (each: Cell) => HTMLElement,
): HTMLElement {
  const isText = cells.length === 0 && free === 0;
  const className = isText ? 'label wide' : 'label';
  const name = element('div', { role: 'rowheader', className, text: label });
  name.title = label;
  const slots = element('div', { role: 'presentation', className: 'slots' }, cells.map(cell));
  if (free > 0) {
    const rest = element('div', { role: 'presentation', className: 'free' });
    rest.style.width = `${free * CELL_STEP - 2}px`;
    slots.append(rest);
  }
  return element('div', { role: 'presentation', className: 'line' }, [name, slots]);
}

function blocksElement(blocks: readonly Block[], cell: (each: Cell) => HTMLElement): HTMLElement {
  const made = blocks.map(({ title, cells }) => {
    const head = element('div', { role: 'rowheader', className: 'head', text: title });
    head.title = title;
    const placed = cells.map((each) => {
      const one = cell(each);
      one.style.left = `${(each.place % 16) * CELL_STEP}px`;
      one.style.top = `${Math.floor(each.place / 16) * CELL_STEP}px`;
      return one;
    });
    const grid = element('div', { role: 'presentation', className: 'grid' }, placed);
    return element('div', { role: 'presentation', className: 'block' }, [head, grid]);
  });
  return element('div', { role: 'presentation', className: 'blocks' }, made);
}

function cellElement(cell: Cell, id: string, number: number, isChanged: boolean): HTMLElement {
  const { state, dim } = cell;
  const names = ['cell', state, ...(dim ? ['dim'] : []), ...(isChanged ? ['changed'] : [])];
  const made = element('div', { role: 'gridcell', className: names.join(' ') });
  made.id = id;
  made.dataset.cell = String(number);
  made.setAttribute('aria-label', labelOf(cell));
  return made;
}

function labelOf({ address, state, entries }: Cell): string {
  const pods = entries.flatMap(({ pod }) => pod ?? []);
  return [address, WORDS[state], ...pods].join(', ');
}
