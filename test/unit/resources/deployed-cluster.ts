import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';
import { ACCOUNT, REGION } from '../../../sandbox/aws.ts';

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

const ABSENT = Symbol('AWS::NoValue');
const PSEUDO_PARAMETERS = {
  'AWS::Partition': 'aws',
  'AWS::Region': REGION,
  'AWS::AccountId': ACCOUNT,
  'AWS::NoValue': ABSENT,
};

/** What CloudFormation makes of deploy/cluster/template.yml with these parameters, as far as it is computed. */
export function deployed(given: Readonly<Record<string, string>>): DeployedCluster {
  const read = template.parse(parse(readFileSync(FILE, 'utf8'), { version: '1.1' }));
  const defaults = Object.entries(read.Parameters).map(([name, { Default }]) => [name, Default]);
  const parameters: Record<string, unknown> = { ...Object.fromEntries(defaults), ...given };
  const names: Record<string, unknown> = { ...parameters, ...PSEUDO_PARAMETERS };
  const queueName = (id: string): string =>
    String(
      compute(z.object({ QueueName: z.unknown() }).parse(read.Resources[id]?.Properties).QueueName),
    );
  const ref = (name: string): unknown =>
    name in names
      ? names[name]
      : name.endsWith('Queue')
        ? `https://sqs/1/${queueName(name)}`
        : `ref:${name}`;
  const holds = (condition: string): boolean => Boolean(compute(read.Conditions[condition]));
  const functions: Readonly<Record<string, (argument: unknown) => unknown>> = {
    Ref: (name) => ref(String(name)),
    'Fn::Sub': (argument) => {
      const [text, more = {}] = Array.isArray(argument) ? argument : [argument];
      return String(text).replace(/\$\{([\w:]+)\}/g, (_, name: string) =>
        String(name in Object(more) ? compute(Object(more)[name]) : ref(name)),
      );
    },
    'Fn::If': (argument) => {
      const [condition, then, otherwise] = z
        .tuple([z.string(), z.unknown(), z.unknown()])
        .parse(argument);
      return compute(holds(condition) ? then : otherwise);
    },
    'Fn::Equals': (argument) => {
      const [a, b] = z.tuple([z.unknown(), z.unknown()]).parse(argument);
      return compute(a) === compute(b);
    },
    'Fn::Not': (argument) => !compute(z.tuple([z.unknown()]).parse(argument)[0]),
    'Fn::ImportValue': (argument) => `import:${compute(argument)}`,
    'Fn::FindInMap': (argument) => {
      const [map, first, second] = z
        .array(z.unknown())
        .parse(argument)
        .map((each) => String(compute(each)));
      return read.Mappings[map ?? '']?.[first ?? '']?.[second ?? ''];
    },
    'Fn::GetAtt': (argument) => {
      const [id, name] = z.tuple([z.string(), z.string()]).parse(argument);
      if (id.endsWith('Queue') && name === 'Arn')
        return `arn:aws:sqs:${REGION}:${ACCOUNT}:${queueName(id)}`;
      return `${id}.${name}`;
    },
  };
  function compute(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(compute).filter((each) => each !== ABSENT);
    if (typeof value !== 'object' || value === null) return value;
    const [[name = '', argument] = [], ...more] = Object.entries(value);
    const known = functions[name];
    if (known !== undefined && more.length === 0) return known(argument);
    return present(Object.entries(value).map(([key, inner]) => [key, compute(inner)]));
  }
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

function present(properties: readonly (readonly [string, unknown])[]): object {
  return Object.fromEntries(properties.filter(([, value]) => value !== ABSENT));
}
