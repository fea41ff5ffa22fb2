import * as z from 'zod';

const report = z.object({
  testResults: z.array(
    z.object({
      assertionResults: z.array(
        z.object({
          ancestorTitles: z.array(z.string()),
          title: z.string(),
          status: z.string(),
          meta: z.object({ notApplicable: z.string().optional() }),
        }),
      ),
    }),
  ),
});

export type ColumnOutcome =
  | { readonly kind: 'passed' | 'failed' | 'skipped' }
  | { readonly kind: 'not applicable'; readonly reason: string };

/** What became of each test of a report of Vitest's `json` reporter, by its group and title. */
export function outcomesOf(json: string): ReadonlyMap<string, ReadonlyMap<string, ColumnOutcome>> {
  const outcomes = new Map<string, Map<string, ColumnOutcome>>();
  for (const { assertionResults } of report.parse(JSON.parse(json)).testResults) {
    for (const { ancestorTitles, title, status, meta } of assertionResults) {
      const group = ancestorTitles.join(', ');
      const ofGroup = outcomes.get(group) ?? new Map<string, ColumnOutcome>();
      outcomes.set(group, ofGroup.set(title, outcomeOf(status, meta.notApplicable)));
    }
  }
  return outcomes;
}

function outcomeOf(status: string, reason: string | undefined): ColumnOutcome {
  if (reason !== undefined) return { kind: 'not applicable', reason };
  return { kind: status === 'passed' || status === 'failed' ? status : 'skipped' };
}
