import type { Output } from '../output.ts';
import { COLUMNS, labelled, wrap } from '../wrap.ts';
import { type Derivation, type Line, SECTIONS } from './derivation.ts';

/** As wide as the longest section and a gap. */
const LABEL = 20;

export function printLines(output: Output, lines: readonly Line[]): void {
  for (const { section, text } of lines) {
    for (const line of labelled(SECTIONS[section], text, 2, LABEL)) output.line(line);
  }
}

export function printConclusion(
  output: Output,
  { text, fine }: { readonly text: string; readonly fine: boolean },
): void {
  for (const line of labelled('So', text, 2, LABEL)) output.line(line, fine ? 'good' : 'bad');
}

/** The rules that applied, and what follows from them. */
export function printDerivation(output: Output, title: string, derivation: Derivation): void {
  for (const line of wrap(title, COLUMNS)) output.line(line);
  printLines(output, derivation.lines);
  printConclusion(output, derivation.conclusion);
  output.line('');
}
