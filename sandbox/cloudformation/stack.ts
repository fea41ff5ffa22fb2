import * as z from 'zod';
import { ACCOUNT, type Aws, REGION } from '../aws.ts';
import { sessionArn } from '../eks/account.ts';
import { type ComputedResource, computed } from './template.ts';

export interface StackOptions {
  readonly name: string;
  /** YAML or JSON. */
  readonly template: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** What other stacks of the account export. */
  readonly exports: ReadonlyMap<string, string>;
}

/** A stack, and what it made. */
export interface Stack {
  resource(id: string): ComputedResource;
  output(name: string): unknown;
}

interface Made {
  readonly ref: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/**
 * Makes a stack's resources in the sandbox's account. Of roles, policies, alarms and Pod Identity, which the
 * sandbox does not have, it makes a name.
 *
 * @throws an Error if the template refuses a parameter, imports what nobody exports, or has an unknown
 * type of resource.
 */
export function createStack(aws: Aws, options: StackOptions): Stack {
  const { name, exports } = options;
  const made = new Map<string, Made>();
  const madeOf = (id: string): Made => {
    const known = made.get(id);
    if (known !== undefined) return known;
    const { Type, Properties } = template.resource(id);
    const make = MAKERS[Type];
    if (make === undefined) throw new Error(`${name}: the sandbox makes no ${Type}`);
    const fresh = make(aws, Properties, `${name}-${id}`);
    made.set(id, fresh);
    return fresh;
  };
  const template = computed(options.template, options.parameters, () => ({
    region: REGION,
    account: ACCOUNT,
    importValue(exported) {
      const value = exports.get(exported);
      if (value === undefined) throw new Error(`No export named ${exported} found.`);
      return value;
    },
    refOf: (id) => madeOf(id).ref,
    attributeOf: (id, attribute) => madeOf(id).attributes?.[attribute],
  }));
  for (const id of template.ids) madeOf(id);
  return { resource: template.resource, output: template.output };
}

type Maker = (aws: Aws, properties: unknown, physicalName: string) => Made;

const queue = z
  .object({ QueueName: z.string() })
  .catchall(z.union([z.string(), z.number(), z.boolean(), z.record(z.string(), z.unknown())]));
const mapping = z.object({
  EventSourceArn: z.string(),
  FunctionName: z.string(),
  ScalingConfig: z.object({ MaximumConcurrency: z.coerce.number() }),
});
const accessEntry = z.object({
  ClusterName: z.string(),
  PrincipalArn: z.string(),
  KubernetesGroups: z.array(z.string()),
});
const parameter = z.object({ Name: z.string(), Value: z.string() });
const schedule = z.object({ Target: z.object({ Arn: z.string(), Input: z.string() }) });

const makeName: Maker = (_, __, ref) => ({
  ref,
  attributes: { Arn: `arn:aws:iam::${ACCOUNT}:role/${ref}` },
});

const MAKERS: Readonly<Record<string, Maker>> = {
  'AWS::CloudWatch::Alarm': makeName,
  'AWS::EKS::PodIdentityAssociation': makeName,
  'AWS::IAM::Role': makeName,
  'AWS::SQS::QueuePolicy': makeName,
  'AWS::SQS::Queue': ({ sqs }, properties) => {
    const { QueueName, ...attributes } = queue.parse(properties);
    const texts = Object.entries(attributes).map(([key, value]) => [
      key,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]);
    const { url, arn } = sqs.createQueue(QueueName, Object.fromEntries(texts));
    return { ref: url, attributes: { Arn: arn, QueueName } };
  },
  'AWS::Lambda::EventSourceMapping': ({ lambda }, properties, ref) => {
    const { EventSourceArn, FunctionName, ScalingConfig } = mapping.parse(properties);
    lambda.setMapping({
      functionName: FunctionName.split(':').at(-1) ?? '',
      queueArn: EventSourceArn,
      maximumConcurrency: ScalingConfig.MaximumConcurrency,
    });
    return { ref };
  },
  'AWS::EKS::AccessEntry': ({ eks }, properties, ref) => {
    const { ClusterName, PrincipalArn, KubernetesGroups } = accessEntry.parse(properties);
    // "username: … the default value is the ARN of the session" (Amazon EKS API Reference, CreateAccessEntry).
    eks.addAccessEntry(ClusterName, PrincipalArn, sessionArn(PrincipalArn), KubernetesGroups);
    return { ref };
  },
  'AWS::Scheduler::Schedule': ({ scheduler }, properties, ref) => {
    const { Arn, Input } = schedule.parse(properties).Target;
    scheduler.setSchedule({ name: ref, targetArn: Arn, input: Input });
    return { ref };
  },
  'AWS::SSM::Parameter': ({ ssm }, properties) => {
    const { Name, Value } = parameter.parse(properties);
    ssm.putParameter(Name, Value);
    return { ref: Name };
  },
};
