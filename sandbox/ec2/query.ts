import * as z from 'zod';
import { Ec2Error, invalidParameterValue } from './errors.ts';

/** The API version that `@aws-sdk/client-ec2` and the AWS CLI name. */
export const API_VERSION = '2016-11-15';

type Branch = Map<string, Branch | string>;

/**
 * Reads EC2's flattened parameters (`Filter.1.Value.2=x`) into objects and lists,
 * without `Action` and `Version`.
 *
 * @throws Ec2Error if a parameter is given both a value and members.
 */
export function nestParameters(params: URLSearchParams): Record<string, unknown> {
  const root: Branch = new Map();
  for (const [name, value] of params) {
    if (name !== 'Action' && name !== 'Version') insert(root, name, value);
  }
  return Object.fromEntries([...root].map(([key, child]) => [key, toValue(child)]));
}

function insert(root: Branch, name: string, value: string): void {
  const path = name.split('.');
  const leaf = path.pop() ?? '';
  let branch = root;
  for (const part of path) {
    const child = branch.get(part) ?? new Map();
    if (typeof child === 'string') throw invalidParameterValue(`The parameter ${name} clashes`);
    branch.set(part, child);
    branch = child;
  }
  if (branch.has(leaf)) throw invalidParameterValue(`The parameter ${name} is given twice`);
  branch.set(leaf, value);
}

function toValue(node: Branch | string): unknown {
  if (typeof node === 'string') return node;
  const entries = [...node];
  if (!entries.every(([key]) => /^\d+$/.test(key))) {
    return Object.fromEntries(entries.map(([key, child]) => [key, toValue(child)]));
  }
  return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, child]) => toValue(child));
}

/**
 * Checks a request's parameters against its action's schema.
 *
 * @throws Ec2Error: MissingParameter, UnknownParameter or InvalidParameterValue.
 */
export function parseRequest<T>(schema: z.ZodType<T>, params: Record<string, unknown>): T {
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue?.code === 'unrecognized_keys') {
    const name = [...issue.path, issue.keys[0]].join('.');
    throw new Ec2Error('UnknownParameter', `The parameter ${name} is not recognized`);
  }
  const name = issue?.path.join('.') ?? '';
  if (issue?.path.length === 1 && !Object.hasOwn(params, name)) {
    throw new Ec2Error('MissingParameter', `The request must contain the parameter ${name}`);
  }
  throw invalidParameterValue(`Invalid value for parameter ${name}: ${issue?.message ?? ''}`);
}

export const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
export const strings = z.array(z.string());
/** A list of ids; one that is named twice counts once. */
export const idList = strings.transform((ids) => [...new Set(ids)]);
