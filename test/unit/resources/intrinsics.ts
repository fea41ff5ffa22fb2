import * as z from 'zod';
import { ACCOUNT, REGION } from '../../../sandbox/aws.ts';

type Resources = Readonly<Record<string, { readonly Properties?: unknown }>>;

/** What values of a template are computed from. */
export interface Scope {
  readonly resources: Resources;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly mappings?: Readonly<Record<string, Record<string, Record<string, unknown>>>>;
  readonly conditions?: Readonly<Record<string, unknown>>;
}

const ABSENT = Symbol('AWS::NoValue');
const PSEUDO_PARAMETERS = {
  'AWS::Partition': 'aws',
  'AWS::Region': REGION,
  'AWS::AccountId': ACCOUNT,
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::NoValue': ABSENT,
};

/** Computes values as CloudFormation does in the sandbox's account, as far as our templates need it. */
export function evaluator({ resources, parameters, mappings = {}, conditions = {} }: Scope) {
  const names: Record<string, unknown> = { ...parameters, ...PSEUDO_PARAMETERS };
  const queueName = (id: string): string => {
    const { QueueName } = z.object({ QueueName: z.unknown() }).parse(resources[id]?.Properties);
    return String(compute(QueueName));
  };
  const ref = (name: string): unknown => {
    if (name in names) return names[name];
    return name.endsWith('Queue') ? `https://sqs/1/${queueName(name)}` : `ref:${name}`;
  };
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
    'Fn::ImportValue': (argument) => `import:${compute(argument)}`,
    'Fn::FindInMap': (argument) => {
      const [map, first, second] = z
        .array(z.unknown())
        .parse(argument)
        .map((each) => String(compute(each)));
      return mappings[map ?? '']?.[first ?? '']?.[second ?? ''];
    },
    'Fn::GetAtt': (argument) => {
      const [id, name] = z.tuple([z.string(), z.string()]).parse(argument);
      const isQueue = id.endsWith('Queue') && name === 'Arn';
      return isQueue ? `arn:aws:sqs:${REGION}:${ACCOUNT}:${queueName(id)}` : `${id}.${name}`;
    },
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
