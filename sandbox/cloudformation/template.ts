import { parse } from 'yaml';
import * as z from 'zod';
import { type DeployedValues, evaluator } from './intrinsics.ts';

const parameter = z.object({
  Default: z.union([z.string(), z.number()]).optional(),
  AllowedPattern: z.string().optional(),
  AllowedValues: z.array(z.string()).optional(),
  MinValue: z.number().optional(),
  MaxValue: z.number().optional(),
});
type Parameter = z.output<typeof parameter>;

const template = z.object({
  Parameters: z.record(z.string(), parameter).default({}),
  Mappings: z
    .record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown())))
    .default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Condition: z.string().optional(),
      Properties: z.unknown().optional(),
    }),
  ),
  Outputs: z.record(z.string(), z.object({ Value: z.unknown() })).default({}),
});

export interface ComputedResource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

/** A template with its parameters, as CloudFormation computes it. */
export interface ComputedTemplate {
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The ids of the resources that its conditions let be. */
  readonly ids: readonly string[];
  resource(id: string): ComputedResource;
  output(name: string): unknown;
}

/**
 * Computes what CloudFormation makes of a template, as far as ours need it.
 *
 * @param text YAML or JSON.
 * @param outside what it makes of resources, which may ask for others.
 * @throws an Error if a parameter is missing, unknown or out of its range.
 */
export function computed(
  text: string,
  given: Readonly<Record<string, string>>,
  outside: (resource: ComputedTemplate['resource']) => DeployedValues,
): ComputedTemplate {
  const read = template.parse(parse(text, { version: '1.1' }));
  const parameters = parametersOf(read.Parameters, given);
  const { compute, holds } = evaluator(
    { parameters, mappings: read.Mappings, conditions: read.Conditions },
    outside((id) => whole.resource(id)),
  );
  const made = Object.entries(read.Resources).filter(
    ([, { Condition }]) => Condition === undefined || holds(Condition),
  );
  const whole: ComputedTemplate = {
    parameters,
    ids: made.map(([id]) => id),
    resource(id) {
      const found = read.Resources[id];
      if (found === undefined) throw new Error(`the template has no resource ${id}`);
      const Properties = z.record(z.string(), z.unknown()).parse(compute(found.Properties ?? {}));
      return { Type: found.Type, Properties };
    },
    output: (name) => compute(read.Outputs[name]?.Value),
  };
  return whole;
}

function parametersOf(
  known: Readonly<Record<string, Parameter>>,
  given: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const stranger = Object.keys(given).find((name) => !(name in known));
  if (stranger !== undefined) {
    throw new Error(`Parameters: [${stranger}] do not exist in the template`);
  }
  return Object.fromEntries(
    Object.entries(known).map(([name, rules]) => {
      const value = given[name] ?? rules.Default;
      if (value === undefined) throw new Error(`Parameters: [${name}] must have values`);
      if (!isAllowed(String(value), rules)) throw new Error(`Parameter ${name} is out of range`);
      return [name, value];
    }),
  );
}

function isAllowed(value: string, rules: Parameter): boolean {
  const { AllowedPattern, AllowedValues, MinValue, MaxValue } = rules;
  return (
    (AllowedPattern === undefined || new RegExp(`^(?:${AllowedPattern})$`).test(value)) &&
    (AllowedValues === undefined || AllowedValues.includes(value)) &&
    (MinValue === undefined || Number(value) >= MinValue) &&
    (MaxValue === undefined || Number(value) <= MaxValue)
  );
}
