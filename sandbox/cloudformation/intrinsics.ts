import * as z from 'zod';

/** What values of a template are computed from. */
export interface Scope {
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly mappings?: Readonly<Record<string, Record<string, Record<string, unknown>>>>;
  readonly conditions?: Readonly<Record<string, unknown>>;
}

/** What a template does not say itself. */
export interface DeployedValues {
  readonly region: string;
  readonly account: string;
  /** @throws if the account exports nothing by that name. */
  importValue(name: string): unknown;
  /** What `Ref` of a resource is. */
  refOf(id: string): unknown;
  /** What `Fn::GetAtt` gives of one. */
  attributeOf(id: string, attribute: string): unknown;
}

const ABSENT = Symbol('AWS::NoValue');

/**
 * Computes values as CloudFormation does, as far as our templates need it (AWS CloudFormation Template Reference
 * Guide, "Intrinsic functions").
 */
export function evaluator(
  { parameters, mappings = {}, conditions = {} }: Scope,
  { region, account, importValue, refOf, attributeOf }: DeployedValues,
) {
  const names: Readonly<Record<string, unknown>> = {
    ...parameters,
    'AWS::Partition': 'aws',
    'AWS::Region': region,
    'AWS::AccountId': account,
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::NoValue': ABSENT,
  };
  const ref = (name: string): unknown => (name in names ? names[name] : refOf(name));
  const holds = (condition: string): boolean => Boolean(compute(conditions[condition]));
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
    'Fn::Split': (argument) => {
      const [separator, text] = z.tuple([z.string(), z.unknown()]).parse(argument);
      return String(compute(text)).split(separator);
    },
    'Fn::ImportValue': (argument) => importValue(String(compute(argument))),
    'Fn::FindInMap': (argument) => {
      const [map, first, second] = z
        .array(z.unknown())
        .parse(argument)
        .map((each) => String(compute(each)));
      return mappings[map ?? '']?.[first ?? '']?.[second ?? ''];
    },
    'Fn::GetAtt': (argument) => attributeOf(...z.tuple([z.string(), z.string()]).parse(argument)),
  };
  function compute(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(compute).filter((each) => each !== ABSENT);
    if (typeof value !== 'object' || value === null) return value;
    const [[name = '', argument] = [], ...more] = Object.entries(value);
    const known = functions[name];
    if (known !== undefined && more.length === 0) return known(argument);
    const computed = Object.entries(value).map(([key, inner]) => [key, compute(inner)] as const);
    return Object.fromEntries(computed.filter(([, each]) => each !== ABSENT));
  }
  return { compute, holds };
}
