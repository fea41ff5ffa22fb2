import * as z from 'zod';

const report = z.object({
  auditReportVersion: z.literal(2),
  vulnerabilities: z.record(
    z.string(),
    z.object({ severity: z.string(), range: z.string(), fixAvailable: z.unknown() }),
  ),
});

const refusal = z.object({ message: z.string().optional(), uri: z.string().optional() });

export type Audit =
  | { readonly kind: 'clean' }
  /** A line for each package. */
  | { readonly kind: 'vulnerable'; readonly packages: readonly string[] }
  /** Nothing was learned. */
  | { readonly kind: 'unanswered'; readonly why: string };

/** Reads what `npm audit --json` printed. */
export function readAudit(text: string): Audit {
  const json = parseJson(text);
  const parsed = report.safeParse(json);
  if (!parsed.success) {
    const { message, uri } = refusal.safeParse(json).data ?? {};
    return { kind: 'unanswered', why: message ?? uri ?? 'npm audit printed no report' };
  }
  const packages = Object.entries(parsed.data.vulnerabilities).map(
    ([name, { severity, range, fixAvailable }]) =>
      `${severity}: ${name} ${range}${fixAvailable ? '' : ', no fix yet'}`,
  );
  return packages.length === 0 ? { kind: 'clean' } : { kind: 'vulnerable', packages };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
