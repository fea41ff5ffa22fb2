import Table from 'cli-table3';
import type { Result, Verdict } from './check.ts';
import type { CleanUp } from './clean-up.ts';

/** All that a table says, for an issue: it names no account. */
export interface Report {
  readonly version: 1;
  /** RFC 3339. */
  readonly at: string;
  readonly on: 'AWS' | 'sandbox';
  readonly region: string;
  readonly calls: number;
  readonly results: readonly Result[];
  /** ENIs of an earlier run that were removed first. */
  readonly removedBefore: readonly string[];
  readonly left: CleanUp['left'];
}

/** Twelve digits by themselves are an account. */
function withoutAccounts(text: string): string {
  return text.replaceAll(/\b\d{12}\b/g, '<account>');
}

export function jsonOf(report: Report): string {
  return withoutAccounts(JSON.stringify(report, null, 2));
}

const WIDTHS = [13, 42, 36, 44, 26, 40] as const;

/** The table: every fact with what was expected, what was seen, who says so and what rests on it. */
export function tableOf({ results }: Pick<Report, 'results'>): string {
  const table = new Table({
    head: ['', 'FACT', 'EXPECTED', 'SEEN', 'SOURCE', 'RESTS ON IT'],
    colWidths: [...WIDTHS],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const { verdict, id, fact, expected, seen, source, restsOn } of results) {
    const shown = withoutAccounts(seen).replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ');
    table.push([verdict, `${id}: ${fact}`, expected, shown, source, restsOn]);
  }
  return table.toString();
}

export function countOf({ results }: Pick<Report, 'results'>, verdict: Verdict): number {
  return results.filter((result) => result.verdict === verdict).length;
}

/** The last lines: how it came out, and what is left behind. */
export function summaryOf(report: Report): readonly string[] {
  const { calls, removedBefore, left } = report;
  const counts = (['as expected', 'differs', 'not made'] as const).map(
    (verdict) => `${countOf(report, verdict)} ${verdict}`,
  );
  return [
    ...(removedBefore.length > 0
      ? [`Removed what an earlier run had left: ${removedBefore.join(', ')}.`]
      : []),
    `${counts.join(', ')}; ${calls} calls.`,
    ...left.map(({ eniId, why }) => `${eniId} is still there: ${why}. Delete it by hand.`),
  ];
}
