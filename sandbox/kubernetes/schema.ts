import * as z from 'zod';
import { isRecord } from './object.ts';
import type { FieldProblem } from './status.ts';

/** What the sandbox knows of a structural schema; https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema */
export interface Schema {
  readonly type: 'object' | 'string' | 'integer';
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly additionalProperties?: Schema | undefined;
  readonly required?: readonly string[] | undefined;
  readonly maxProperties?: number | undefined;
  readonly enum?: readonly string[] | undefined;
  readonly format?: 'date-time' | undefined;
  readonly maxLength?: number | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  /** Rules in CEL, which whoever reads the schema has to heed. */
  readonly 'x-kubernetes-validations'?: readonly CelRule[] | undefined;
}

export interface CelRule {
  readonly rule: string;
  readonly message: string;
}

/** Refuses a keyword that the sandbox would not heed. */
export const schemaSchema: z.ZodType<Schema> = z.strictObject({
  type: z.enum(['object', 'string', 'integer']),
  description: z.string().optional(),
  get properties() {
    return z.record(z.string(), schemaSchema).optional();
  },
  get additionalProperties() {
    return schemaSchema.optional();
  },
  required: z.array(z.string()).optional(),
  maxProperties: z.number().optional(),
  enum: z.array(z.string()).optional(),
  format: z.literal('date-time').optional(),
  maxLength: z.number().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  'x-kubernetes-map-type': z.literal('atomic').optional(),
  'x-kubernetes-validations': z
    .array(z.looseObject({ rule: z.string(), message: z.string() }))
    .optional(),
});

/** A time as the API server reads one: RFC 3339, with an offset. */
const TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

/** The value without the fields that the schema does not know; those of metadata are all known. */
export function prunedBy(schema: Schema, value: unknown): unknown {
  const { properties, additionalProperties } = schema;
  if (!isRecord(value) || (properties ?? additionalProperties) === undefined) return value;
  const kept = Object.entries(value).flatMap(([name, field]): [string, unknown][] => {
    const inner = properties?.[name] ?? additionalProperties;
    return inner === undefined ? [] : [[name, prunedBy(inner, field)]];
  });
  return Object.fromEntries(kept);
}

/** What is wrong with a value at `path`, in the words of the API server. */
export function problemsOf(schema: Schema, value: unknown, path = ''): FieldProblem[] {
  const text = JSON.stringify(value);
  const wrong = (reason: FieldProblem['reason'], message: string): FieldProblem => ({
    field: path,
    reason,
    message,
  });
  if (schema.format === 'date-time') {
    const isTime =
      typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value));
    const why = `Invalid value: ${text}: ${path} in body must be of type date-time: ${text}`;
    return isTime ? [] : [wrong('FieldValueTypeInvalid', why)];
  }
  const type = typeOf(value);
  if (type !== schema.type) {
    const why = `Invalid value: "${type}": ${path} in body must be of type ${schema.type}: "${type}"`;
    return [wrong('FieldValueTypeInvalid', why)];
  }
  if (isRecord(value)) return problemsOfObject(schema, value, path, wrong);
  const { maxLength = Infinity, minimum = -Infinity, maximum = Infinity } = schema;
  if (schema.enum && !schema.enum.some((each) => each === value)) {
    const supported = schema.enum.map((each) => JSON.stringify(each)).join(', ');
    const why = `Unsupported value: ${text}: supported values: ${supported}`;
    return [wrong('FieldValueNotSupported', why)];
  }
  if (typeof value === 'string' && [...value].length > maxLength) {
    return [wrong('FieldValueTooLong', `Too long: may not be more than ${maxLength} bytes`)];
  }
  const should = (bound: string): FieldProblem[] => {
    return [
      wrong('FieldValueInvalid', `Invalid value: ${text}: ${path} in body should be ${bound}`),
    ];
  };
  if (Number(value) < minimum) return should(`greater than or equal to ${minimum}`);
  if (Number(value) > maximum) return should(`less than or equal to ${maximum}`);
  return [];
}

function problemsOfObject(
  { properties = {}, additionalProperties, required = [], maxProperties = Infinity }: Schema,
  value: Readonly<Record<string, unknown>>,
  path: string,
  wrong: (reason: FieldProblem['reason'], message: string) => FieldProblem,
): FieldProblem[] {
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const size = Object.keys(value).length;
  const missing = required
    .filter((name) => !Object.hasOwn(value, name))
    .map(
      (name): FieldProblem => ({
        field: at(name),
        reason: 'FieldValueRequired',
        message: 'Required value',
      }),
    );
  return [
    ...(size > maxProperties
      ? [wrong('FieldValueTooMany', `Too many: ${size}: must have at most ${maxProperties} items`)]
      : []),
    ...missing,
    ...Object.entries(value).flatMap(([name, field]) => {
      const inner = properties[name] ?? additionalProperties;
      return inner === undefined ? [] : problemsOf(inner, field, at(name));
    }),
  ];
}
