import type { Output } from '../output.ts';
import { instant } from '../view/text.ts';
import type { DeadLetter } from './dead-letter.ts';

const HEAD = ['CLUSTER', 'NODE', 'PODS', 'FIRST SEEN', 'RECEIVES', 'REASON'];
const SHOWN_PODS = 2;

/** A table with a line for each message; nothing where there is none. */
export function showLetters(output: Output, letters: readonly DeadLetter[]): void {
  if (letters.length > 0) output.table(HEAD, letters.map(row));
}

function row(letter: DeadLetter): string[] {
  const { cluster = '-', node = '-', pods, firstSeen, held, reason } = letter;
  const shown = pods.slice(0, SHOWN_PODS).map((pod) => `${pod.namespace}/${pod.name}`);
  const others = pods.length > SHOWN_PODS ? [`+${pods.length - SHOWN_PODS}`] : [];
  return [
    cluster,
    node,
    [...shown, ...others].join(', ') || '-',
    instant(firstSeen),
    String(held.receives),
    reason,
  ];
}
