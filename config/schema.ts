import * as z from 'zod';
import { fromInteger, parseAddress, parseCidr } from '../shared/address.ts';
import { parseRange, parseRangeList } from '../shared/claims/range-list.ts';
import { elsewhere, guardrails } from './guardrails.ts';

/** What CloudWatch Logs accepts (its API Reference, "PutRetentionPolicy"). */
const RETENTION_DAYS = [
  ...[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096],
  ...[1827, 2192, 2557, 2922, 3288, 3653],
];

const policy = z.enum(['sync', 'upsert-only', 'dry-run']);

const ranges = z
  .array(z.string())
  .min(1)
  .superRefine((list, context) => {
    const parsed = parseRangeList(list);
    if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.detail });
    for (const text of list) {
      const block = hostBitsIn(text);
      if (block !== undefined) context.addIssue({ code: 'custom', message: block });
    }
  });

/** A block whose address is not its first one was meant to be smaller, or larger. @returns what to write. */
function hostBitsIn(text: string): string | undefined {
  const [base = '', length = ''] = text.trim().split('/');
  const [block, address] = [parseCidr(text.trim()), parseAddress(base)];
  if (block === undefined || address === undefined) return undefined;
  const first = fromInteger(block.first, block.family);
  if (first === address) return undefined;
  return `${text} begins within its block: write ${first}/${length}, or a range such as ${address}-…`;
}

const kubernetesName = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
    'not a Kubernetes name: lower-case letters, digits and dashes, at most 63',
  );

/** A name that ends with `*` stands for all that begin so. */
const namespaceName = z
  .string()
  .regex(/^([a-z0-9][-a-z0-9]{0,62}\*?|\*)$/, 'not a namespace, nor the beginning of some and *');

const namespaces = z.record(
  z.string().refine((text) => parseRange(text) !== undefined, 'no range'),
  z.array(namespaceName).min(1),
);

const forwarder = z
  .strictObject({
    identity: z.enum(['pod-identity', 'irsa']).default('pod-identity'),
    oidcProvider: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]*\/[A-Za-z0-9/]+$/, 'not an issuer without https://')
      .optional(),
    namespace: kubernetesName.default('multus-eni-reconciler'),
    serviceAccount: kubernetesName.default('multus-eni-forwarder'),
    ownPodIdentityAgent: z.boolean().default(false),
  })
  .refine(({ identity, oidcProvider }) => (identity === 'irsa') === (oidcProvider !== undefined), {
    message: 'identity irsa and oidcProvider belong together: set both, or neither',
  })
  .prefault({});

const cluster = z.strictObject({
  name: z.string().regex(/^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/, 'not the name of an EKS cluster'),
  policy: policy.optional(),
  ranges: ranges.optional(),
  ours: ranges.optional(),
  namespaces: namespaces.optional(),
  advertiseRoom: z.boolean().default(false),
  access: z.enum(['access-entry', 'aws-auth']).default('access-entry'),
  privateEndpoint: z.boolean().default(false),
  forwarder,
});

/** Ours of EC2's token buckets for calls that assign and unassign. */
const ec2 = z
  .strictObject({
    share: z.number().positive().max(1).optional(),
    // AWS gives 5 by default, and raises it in steps.
    maxPerSecond: z.number().positive().max(1_000).optional(),
    // `true`: this stage's stack makes the table. Otherwise the name of another stage's table.
    budgetTable: z
      .union([
        z.literal(true),
        z.string().regex(/^[A-Za-z0-9_.-]{3,255}$/, 'not the name of a table of DynamoDB'),
      ])
      .optional(),
  })
  .optional();

const vpc = z.strictObject({
  subnetIds: z.array(z.string().regex(/^subnet-[0-9a-f]+$/, 'not a subnet id')).min(1),
  securityGroupIds: z.array(z.string().regex(/^sg-[0-9a-f]+$/, 'not a security group id')).min(1),
});

/** A stage's configuration file. Unknown keys are refused. */
export const stageFile = z
  .strictObject({
    region: z.string().regex(/^[a-z]{2,4}(-[a-z]+)+-\d+$/, 'not a region, such as eu-central-1'),
    clusters: z.array(cluster).default([]),
    managedTag: z
      .string()
      .regex(/^[\p{L}\p{N} _.:/+\-@]{1,128}=[\p{L}\p{N} _.:/=+\-@]{0,256}$/u, 'not key=value')
      .default('node.k8s.amazonaws.com/no_manage=true'),
    policy: policy.default('sync'),
    ranges: ranges.optional(),
    ours: ranges.optional(),
    namespaces: namespaces.optional(),
    // CloudWatch looks at no more than a day, and an alarm at three sweeps.
    sweepMinutes: z.int().min(1).max(60).default(5),
    // An event source mapping takes 2 to 1000. EC2 allows 5 Assign and 5 Unassign calls a second in
    // the long run and 100 at once: each execution has its part of them, and more of them wait.
    concurrency: z.int().min(2).max(1000).default(4),
    ec2,
    maxReleaseShare: z.number().min(0).max(1).default(0.3),
    vpc: vpc.optional(),
    alarmTopicArn: z
      .string()
      .regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$/, 'not the ARN of an SNS topic')
      .optional(),
    leakedThreshold: z.int().min(0).default(10),
    logRetentionDays: z
      .int()
      .refine((days) => RETENTION_DAYS.includes(days), {
        message: `CloudWatch Logs keeps for ${RETENTION_DAYS.join(', ')} days`,
      })
      .default(30),
    ...guardrails,
  })
  .superRefine((stage, context) => {
    const { clusters, vpc: attached } = stage;
    if (stage.iam?.clusterTag === true && (clusters.length === 0 || clusters.length > 10)) {
      const message = 'needs 1 to 10 clusters, listed in this file: a role’s policy names each';
      context.addIssue({ code: 'custom', path: ['iam', 'clusterTag'], message });
    }
    for (const { key, message } of elsewhere(stage)) {
      context.addIssue({ code: 'custom', path: [key], message });
    }
    const names = clusters.map(({ name }) => name);
    for (const [index, { name, privateEndpoint }] of clusters.entries()) {
      const path = ['clusters', index];
      if (names.indexOf(name) < index) {
        context.addIssue({
          code: 'custom',
          path: [...path, 'name'],
          message: `${name} is named twice`,
        });
      }
      if (privateEndpoint && attached === undefined) {
        const message = 'the functions reach a private endpoint from its VPC only: set vpc too';
        context.addIssue({ code: 'custom', path: [...path, 'privateEndpoint'], message });
      }
    }
  });

/** A stage's configuration, checked, with the defaults filled in. */
export type StageSettings = z.output<typeof stageFile>;
export type ClusterSettings = StageSettings['clusters'][number];
