import type { MapAddress, MapTrouble, State } from '../data.ts';

/** An address, and the node that it was found at. */
export interface Entry extends MapAddress {
  readonly node: string;
}

/** Which addresses are asked for; the others are dim, and rows without any are left out. */
export interface Filter {
  /** In lower case; empty: all. */
  readonly text: string;
  /** Empty: all. */
  readonly states: ReadonlySet<State>;
}

export function isOn({ text, states }: Filter): boolean {
  return text !== '' || states.size > 0;
}

/** What no address stands for counts as a claim that cannot be met. */
export function matchesTrouble({ text, states }: Filter, { pod }: MapTrouble): boolean {
  return (states.size === 0 || states.has('problem')) && pod.toLowerCase().includes(text);
}

export function matches({ text, states }: Filter, entry: Entry): boolean {
  if (states.size > 0 && !states.has(entry.state)) return false;
  if (text === '') return true;
  const { address, eni, pod, node } = entry;
  return [address, eni, pod, node].some((each) => each?.toLowerCase().includes(text));
}
