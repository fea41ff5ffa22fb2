/** One resource of a CloudFormation template. */
export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DependsOn?: readonly string[];
  /** The name of one of the template's conditions. */
  readonly Condition?: string;
}

/** By logical id. */
export type Resources = Readonly<Record<string, Resource>>;

export interface StackOutput {
  readonly Description: string;
  readonly Value: unknown;
  readonly Export?: { readonly Name: unknown };
  readonly Condition?: string;
}

export type Outputs = Readonly<Record<string, StackOutput>>;

/** A statement of an IAM policy. */
export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export function sub(text: string): { readonly 'Fn::Sub': string } {
  return { 'Fn::Sub': text };
}

export function ref(logicalId: string): { readonly Ref: string } {
  return { Ref: logicalId };
}

export function getAtt(
  logicalId: string,
  attribute: string,
): { readonly 'Fn::GetAtt': readonly [string, string] } {
  return { 'Fn::GetAtt': [logicalId, attribute] };
}

export function join(parts: readonly unknown[]): {
  readonly 'Fn::Join': readonly [string, readonly unknown[]];
} {
  return { 'Fn::Join': ['', parts] };
}

/** The ARN of something in the stack's own partition, region and account. */
export function arn(service: string, resource: string): { readonly 'Fn::Sub': string } {
  return sub(`arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${resource}`);
}

export function policy(
  statements: readonly unknown[],
): Readonly<{ Version: string; Statement: readonly unknown[] }> {
  return { Version: '2012-10-17', Statement: statements };
}

/**
 * Puts parts of a template together.
 *
 * @throws an Error if two parts have a logical id in common: CloudFormation would see one.
 */
export function merged<T>(...parts: readonly Readonly<Record<string, T>>[]): Record<string, T> {
  const all: Record<string, T> = {};
  for (const [id, value] of parts.flatMap((part) => Object.entries(part))) {
    if (id in all) throw new Error(`logical id ${id} is used twice`);
    all[id] = value;
  }
  return all;
}
