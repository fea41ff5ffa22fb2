import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';
import { evaluator } from './intrinsics.ts';

const FILE = new URL('../../../deploy/cluster/template.yml', import.meta.url);

const template = z.object({
  Parameters: z.record(z.string(), z.object({ Default: z.unknown().optional() })),
  Mappings: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))),
  Conditions: z.record(z.string(), z.unknown()),
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Condition: z.string().optional(),
      Properties: z.unknown().optional(),
    }),
  ),
});

export interface DeployedCluster {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<
    Record<
      string,
      { readonly Type: string; readonly Properties: Readonly<Record<string, unknown>> }
    >
  >;
}

/** What CloudFormation makes of deploy/cluster/template.yml with these parameters, as far as it is computed. */
export function deployed(given: Readonly<Record<string, string>>): DeployedCluster {
  const read = template.parse(parse(readFileSync(FILE, 'utf8'), { version: '1.1' }));
  const defaults = Object.entries(read.Parameters).map(([name, { Default }]) => [name, Default]);
  const parameters: Record<string, unknown> = { ...Object.fromEntries(defaults), ...given };
  const { compute, holds } = evaluator({
    resources: read.Resources,
    parameters,
    mappings: read.Mappings,
    conditions: read.Conditions,
  });
  const made = Object.entries(read.Resources).filter(
    ([, { Condition }]) => Condition === undefined || holds(Condition),
  );
  return {
    parameters,
    Resources: Object.fromEntries(
      made.map(([id, { Type, Properties }]) => [
        id,
        { Type, Properties: z.record(z.string(), z.unknown()).parse(compute(Properties)) },
      ]),
    ),
  };
}
