import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { EXIT } from '../../../cli/exit-code.ts';
import { parseStage } from '../../../config/read.ts';
import { stageFile } from '../../../config/schema.ts';
import { variables } from '../../../forwarder/config.ts';
import { createMetrics } from '../../../forwarder/metrics.ts';
import { alarmsOf } from '../../../resources/alarms.ts';
import * as annotations from '../../../shared/cluster/annotations.ts';
import type { EventToWrite } from '../../../shared/cluster/kubernetes.ts';
import { ERROR_CODES } from '../../../shared/errors.ts';
import { message } from '../../../shared/messages/schema.ts';
import type { Problem } from '../../../shared/plan/problem.ts';
import { METRIC_NAMES, METRIC_NAMESPACE } from '../../../shared/telemetry.ts';

/* Holds the tables of docs/reference against the code. */

const ROOT = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** The rows of a page's table, below the heading or in the whole page; code marks are left out. */
function rows(page: string, heading?: string): string[][] {
  const text = read(page);
  const from = heading === undefined ? 0 : text.indexOf(`\n## ${heading}\n`);
  if (from < 0) throw new Error(`${page} has no heading ${heading}`);
  const [, section = ''] = text.slice(from).split(/^\|[-|]+\|\n/m);
  const [table = ''] = section.split(/\n(?!\|)/);
  return table
    .trim()
    .split('\n')
    .map((row) =>
      row
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1')),
    );
}

function column(table: readonly (readonly string[])[], at: number): string[] {
  return table.map((row) => row[at] ?? '');
}

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly default?: unknown;
}

/** Every setting of a schema with its default: `[key, default]`. */
function settings(schema: Schema, path = '', required = true): [string, string][] {
  const { properties, items } = schema;
  if (items?.properties !== undefined) return settings(items, `${path}[]`, required);
  if (properties === undefined) {
    const without = required ? 'required' : 'none';
    return [[path, schema.default === undefined ? without : String(schema.default)]];
  }
  return Object.entries(properties).flatMap(([key, inner]) => {
    const needed = required && schema.required?.includes(key) === true;
    return settings(inner, path === '' ? key : `${path}.${key}`, needed);
  });
}

function schemaOf(type: z.ZodType): Schema {
  const schema: unknown = z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' });
  return z.custom<Schema>((value) => typeof value === 'object').parse(schema);
}

const PAGE = 'docs/reference/settings.md';

/** As the tables show them: name and default. */
const shown = (table: readonly (readonly string[])[]) =>
  table.map(([name, value]) => [name, value]);

describe('the settings', () => {
  test('of a stage are those that are read, with their defaults', () => {
    const table = rows(PAGE, 'A stage: `config/<stage>.yml`');
    expect(shown(table).toSorted()).toEqual(settings(schemaOf(stageFile)).toSorted());
  });

  test('of the functions are those that the stack sets', () => {
    const service = z
      .object({ provider: z.object({ environment: z.record(z.string(), z.unknown()) }) })
      .parse(parse(read('serverless.yml'), { logLevel: 'silent' }));
    const set = [...Object.keys(service.provider.environment), 'AWS_REGION'];
    expect(column(rows(PAGE, 'The functions'), 0).toSorted()).toEqual(set.toSorted());
  });

  test('of the forwarder are those that are read, with their defaults', () => {
    expect(shown(rows(PAGE, 'The forwarder'))).toEqual(settings(schemaOf(variables)));
  });
});

test('the annotations are those that are read', () => {
  const names = Object.values(annotations).filter((each) => typeof each === 'string');
  expect(column(rows('docs/reference/annotations.md'), 0).toSorted()).toEqual(names.toSorted());
});

describe('what pods are told', () => {
  test('in the condition: a reason for each problem, and for none', () => {
    const kinds = {
      'eni-untagged': true,
      'eni-of-other-cluster': true,
      'eni-ambiguous': true,
      'eni-not-seen': true,
      'outside-subnet': true,
      reserved: true,
      primary: true,
      'eni-full': true,
      conflict: true,
      'held-elsewhere': true,
      unrecorded: true,
      'outside-configured-ranges': true,
      'other-namespaces': true,
      'floating-outside-ranges': true,
      refused: true,
      'unreadable-annotation': true,
      'too-many-addresses': true,
      'not-attached': true,
    } satisfies Record<Problem['kind'], true>;
    const reasons = Object.keys(kinds).map((kind) =>
      kind.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    );
    const table = rows('docs/reference/conditions.md').map(([status, reason]) => [status, reason]);
    expect(table.toSorted()).toEqual(
      [
        ['True', 'Assigned'],
        ['True', 'NothingToAssign'],
        ['False', 'DryRun'],
        ...reasons.map((reason) => ['False', reason]),
      ].toSorted(),
    );
  });

  test('in Events', () => {
    const reasons = {
      IPsAssigned: 'Normal',
      IPsReleased: 'Normal',
      IPAssignmentFailed: 'Warning',
      NotAttached: 'Warning',
      ReleasesWithheld: 'Warning',
      UnreadableNetwork: 'Warning',
    } satisfies Record<EventToWrite['reason'], EventToWrite['type']>;
    expect(shown(rows('docs/reference/events.md'))).toEqual(Object.entries(reasons));
  });
});

test('the messages have the reasons that the schema has', () => {
  const reason = z.object({ const: z.string().optional(), enum: z.array(z.string()).default([]) });
  const { oneOf } = z
    .object({ oneOf: z.array(z.object({ properties: z.object({ reason }) })) })
    .parse(z.toJSONSchema(message, { io: 'input', unrepresentable: 'any' }));
  const reasons = oneOf.flatMap(({ properties }) => [
    ...properties.reason.enum,
    ...(properties.reason.const === undefined ? [] : [properties.reason.const]),
  ]);
  expect(column(rows('docs/reference/messages.md'), 0).toSorted()).toEqual(reasons.toSorted());
});

describe('the metrics', () => {
  const page = 'docs/reference/metrics.md';

  test('of the functions are those that they write, each with its alarm', () => {
    const text = 'region: us-east-1\nclusters: [{ name: demo }]\nec2: { budgetTable: true }\n';
    const stage = parseStage(text, 'config/test.yml');
    const sections = new Map(
      alarmsOf('test', stage)
        .filter(({ metric }) => metric.namespace === METRIC_NAMESPACE)
        .map(({ metric, section }) => [metric.name, section]),
    );
    const table = rows(page, 'Of the functions');
    const alarms = table.map(([name, , , alarm = '']) => [name, alarm]);
    expect(alarms).toEqual(
      METRIC_NAMES.map((name) => {
        const section = sections.get(name);
        const link = expect.stringMatching(
          new RegExp(`^\\[.+\\]\\(\\.\\./runbook\\.md#${section}\\)$`),
        );
        return [name, section === undefined ? '' : link];
      }),
    );
  });

  test('of the forwarder are those that it serves, in its words', async () => {
    const { registry } = createMetrics({
      pods: () => 0,
      nodes: () => 0,
      outboxMessages: () => 0,
      outboxBytes: () => 0,
      leader: () => false,
      lastEventAgeSeconds: () => 0,
    });
    const served = await registry.getMetricsAsJSON();
    expect(rows(page, 'Of the forwarder')).toEqual(
      served.map(({ name, type, help }) => [name, String(type), help]),
    );
  });
});

test('the error codes are those that the functions’ errors have', () => {
  expect(column(rows('docs/reference/errors.md'), 0)).toEqual([...ERROR_CODES]);
});

describe('the exit codes', () => {
  const all = Object.values(EXIT);

  test('of multus-eni are those that it ends with', () => {
    expect(column(rows('docs/operator.md', 'Exit codes'), 0)).toEqual(all.map(String));
  });

  test('of replay are those, but for what is found', () => {
    const without = all.filter((code) => code !== EXIT.found).map(String);
    expect(column(rows('docs/replay.md', 'Exit codes'), 0)).toEqual(without);
  });
});
