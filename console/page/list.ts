import type { Cell, Item } from './items.ts';
import { moved, type Place, placeOfKey, rowAt } from './places.ts';
import { rowElement } from './row.ts';

/** A list of which only the rows in view are made, so that a thousand nodes scroll as ten do. */
export interface List {
  /** @param changed the keys of cells that have just changed. */
  show(items: readonly Item[], changed?: ReadonlySet<string>): void;
  /** Takes a key of the keyboard. @returns whether it was one of the list's. */
  press(key: string): boolean;
}

/** Rows beyond the view, in pixels, so that what scrolls in is there. */
const MARGIN = 200;
/** Rows are made for so long in one frame, ms; the others come in the next. */
const MAKING_MS = 10;

/**
 * @param list scrolls, and has the focus of the keyboard.
 * @param rows is in it, and as high as all rows.
 * @param onActive is told which cell is pointed at.
 */
export function createList(
  list: HTMLElement,
  rows: HTMLElement,
  onActive: (cell: Cell) => void,
): List {
  let items: readonly Item[] = [];
  let active: Place | undefined;
  const mark = (): void => markActive(list, rows, active);
  const drawn = createRows(list, rows, mark);
  const activate = (place: Place): void => {
    const cell = items[place.row]?.cells[place.cell];
    if (cell === undefined) return;
    active = place;
    mark();
    onActive(cell);
  };
  const point = ({ target }: Event): void => {
    const cell = target instanceof Element ? target.closest<HTMLElement>('[data-cell]') : null;
    const row = cell?.closest<HTMLElement>('[data-index]');
    if (!cell || !row) return;
    activate({ row: Number(row.dataset.index), cell: Number(cell.dataset.cell) });
  };
  list.tabIndex = 0;
  list.setAttribute('role', 'grid');
  list.setAttribute('aria-label', 'The addresses');
  rows.setAttribute('role', 'rowgroup');
  list.addEventListener('mouseover', point);
  list.addEventListener('click', point);
  return {
    show(now, changed = new Set()) {
      const key = active && items[active.row]?.cells[active.cell]?.key;
      items = now;
      active = key === undefined ? undefined : placeOfKey(items, key);
      list.setAttribute('aria-rowcount', String(items.length));
      drawn.replace(items, changed);
      if (active !== undefined) activate(active);
    },
    press(key) {
      const place = moved(items, active, key);
      if (place === undefined) return false;
      drawn.reveal(place.row);
      activate(place);
      return true;
    },
  };
}

/** The rows in view, and what is beside it. */
function createRows(list: HTMLElement, rows: HTMLElement, onDrawn: () => void) {
  let items: readonly Item[] = [];
  let tops: number[] = [0];
  let changed: ReadonlySet<string> = new Set();
  let isAsked = false;
  const made = new Map<number, HTMLElement>();
  const draw = (): void => {
    isAsked = false;
    const endsAt = performance.now() + MAKING_MS;
    const from = rowAt(tops, list.scrollTop - MARGIN);
    const to = rowAt(tops, list.scrollTop + list.clientHeight + MARGIN);
    for (const [index, row] of made) {
      if (index >= from && index <= to) continue;
      row.remove();
      made.delete(index);
    }
    for (let index = from; index <= to; index += 1) {
      const item = items[index];
      if (item === undefined || made.has(index)) continue;
      if (performance.now() > endsAt) {
        ask();
        break;
      }
      const row = rowElement(item, index, changed);
      row.style.transform = `translateY(${tops[index]}px)`;
      row.style.height = `${item.height}px`;
      made.set(index, row);
      rows.append(row);
    }
    onDrawn();
  };
  const ask = (): void => {
    if (!isAsked) requestAnimationFrame(draw);
    isAsked = true;
  };
  list.addEventListener('scroll', ask, { passive: true });
  new ResizeObserver(ask).observe(list);
  return {
    replace(now: readonly Item[], justChanged: ReadonlySet<string>): void {
      items = now;
      changed = justChanged;
      tops = [0];
      for (const { height } of items) tops.push((tops.at(-1) ?? 0) + height);
      rows.style.height = `${tops.at(-1)}px`;
      for (const row of made.values()) row.remove();
      made.clear();
      draw();
    },
    /** Scrolls as far as a row needs to be in view, and makes it. */
    reveal(row: number): void {
      const top = tops[row] ?? 0;
      const below = top + (items[row]?.height ?? 0) - list.clientHeight;
      if (top < list.scrollTop) list.scrollTop = top;
      else if (below > list.scrollTop) list.scrollTop = Math.min(top, below);
      draw();
    },
  };
}

function markActive(list: HTMLElement, rows: HTMLElement, active: Place | undefined): void {
  for (const each of rows.querySelectorAll('.active')) each.classList.remove('active');
  const id = active && `cell-${active.row}-${active.cell}`;
  const cell = id === undefined ? null : document.getElementById(id);
  cell?.classList.add('active');
  if (id === undefined || cell === null) list.removeAttribute('aria-activedescendant');
  else list.setAttribute('aria-activedescendant', id);
}
