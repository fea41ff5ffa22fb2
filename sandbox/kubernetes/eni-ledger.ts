import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { ago } from './forms/age.ts';
import { type Draft, fieldAt, isRecord, parseDraft } from './object.ts';
import { resourceNamed } from './resources.ts';
import { problemsOf, prunedBy, type Schema, schemaSchema } from './schema.ts';
import { type FieldProblem, invalid } from './status.ts';

const FILE = join(import.meta.dirname, '../../deploy/base/eni-ledger.yaml');

const column = z.object({
  name: z.string(),
  type: z.enum(['string', 'integer', 'date']),
  description: z.string(),
  jsonPath: z.string().transform((path) => path.slice(1)),
});
const definition = z.object({
  spec: z.object({
    versions: z.tuple([
      z.object({
        additionalPrinterColumns: z.array(column),
        schema: z.object({ openAPIV3Schema: schemaSchema }),
      }),
    ]),
  }),
});
const [{ additionalPrinterColumns: columns, schema }] = definition.parse(
  parse(readFileSync(FILE, 'utf8')),
).spec.versions;
const ledger = schema.openAPIV3Schema;

/** The columns of `kubectl get enis` after the name. */
export const LEDGER_COLUMNS = columns.map(({ name, type, description }) => ({
  name,
  type,
  format: '' as const,
  description,
  priority: 0 as const,
}));

/** The cells of those columns, at `now` (ms since the epoch). */
export function ledgerCells(object: Draft, now: number): (string | number | null)[] {
  return columns.map(({ type, jsonPath }) => {
    const value = z.union([z.string(), z.number()]).nullable().catch(null);
    const cell = value.parse(fieldAt(object, jsonPath));
    return type === 'date' ? ago(cell === null ? undefined : String(cell), now) : cell;
  });
}

/** A rule in CEL that asks for a match with one of its patterns, which RE2 and JavaScript read alike. */
function ruleOf(of: Schema | undefined): { patterns: readonly RegExp[]; message: string } {
  const [{ rule, message } = { rule: '', message: '' }, ...others] =
    of?.['x-kubernetes-validations'] ?? [];
  const patterns = [...rule.matchAll(/\.matches\('([^']+)'\)/g)].map(([, text = '']) => text);
  if (patterns.length === 0 || others.length > 0) throw new Error(`no rule of patterns: ${rule}`);
  return { patterns: patterns.map((pattern) => new RegExp(pattern)), message };
}

const nameRule = ruleOf(ledger);
const addressRule = ruleOf(ledger.properties?.addresses);
/** The rule says so beside its patterns. */
const LONGEST_ADDRESS = 39;

/** A ledger without the fields that nobody knows. */
export function prunedLedger(draft: Draft): Draft {
  return parseDraft(prunedBy(ledger, draft));
}

/**
 * Checks a ledger against its definition. The rules in CEL are asked unless something is wrong with
 * its form (k8s.io/apiextensions-apiserver pkg/registry/customresource/strategy.go, Validate).
 *
 * @throws StatusError 422
 */
export function checkLedger(name: string, draft: Draft): void {
  const problems = problemsOf(ledger, draft);
  const blocks = problems.some(({ reason }) => reason !== 'FieldValueInvalid');
  const [first, ...more] = [...problems, ...(blocks ? [NOT_ALL] : brokenRules(name, draft))];
  if (first !== undefined) throw invalid(resourceNamed('eniledgers'), name, first, ...more);
}

const NOT_ALL: FieldProblem = {
  field: '<nil>',
  reason: 'FieldValueInvalid',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
};

function brokenRules(name: string, draft: Draft): FieldProblem[] {
  const { addresses } = draft;
  const keys = isRecord(addresses) ? Object.keys(addresses) : [];
  const broken = (field: string, message: string): FieldProblem[] => [
    { field, reason: 'FieldValueInvalid', message: `Invalid value: ${message}` },
  ];
  const isAddress = (text: string): boolean =>
    text.length <= LONGEST_ADDRESS && addressRule.patterns.some((pattern) => pattern.test(text));
  const isNamed = nameRule.patterns.some((pattern) => pattern.test(name));
  return [
    ...(isNamed ? [] : broken('metadata', nameRule.message)),
    ...(keys.every(isAddress) ? [] : broken('addresses', addressRule.message)),
  ];
}
