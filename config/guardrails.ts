import * as z from 'zod';

/*
 * What a company demands of whatever is deployed in its accounts. resources/guardrails.ts puts it
 * into the template.
 */

const ROLE = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/;
const POLICY = /^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/[\w+=,.@/-]+$/;
const PRINCIPAL = /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=,.@/*-]+$/;
const KEY = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/;
const CODE_SIGNING =
  /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:code-signing-config:csc-[a-z0-9]{17}$/;

/** CloudFormation takes 50, of which the deployment adds one (`STAGE`), and AWS three. */
const MAX_TAGS = 45;
const TAG_CHARACTERS = /^[\p{L}\p{N} _.:/=+\-@]*$/u;

const tags = z.record(z.string(), z.string()).superRefine((all, context) => {
  const report = (key: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [key], message });
  for (const [key, value] of Object.entries(all)) {
    if (/^aws:/i.test(key)) report(key, 'AWS keeps tags that begin with aws: for itself');
    if (key.length < 1 || key.length > 128 || !TAG_CHARACTERS.test(key)) {
      report(key, 'a tag’s key has 1 to 128 letters, digits, spaces and _ . : / = + - @');
    }
    if (value.length > 256 || !TAG_CHARACTERS.test(value)) {
      report(key, 'a tag’s value has at most 256 letters, digits, spaces and _ . : / = + - @');
    }
  }
  const count = Object.keys(all).length;
  if (count > MAX_TAGS) {
    context.addIssue({ code: 'custom', message: `${count} tags: a stack takes ${MAX_TAGS}` });
  }
});

/** Ids of one kind of EC2 resource. */
const idsOf = (kind: 'vpc' | 'subnet', id: RegExp) =>
  z
    .array(z.string().regex(id, `not the id of a ${kind}`))
    .min(1)
    // A role's policies take 10,240 characters in all (IAM User Guide, "IAM and AWS STS quotas").
    .max(50)
    .optional();

const iam = z.strictObject({
  permissionsBoundary: z
    .string()
    .regex(POLICY, 'not the ARN of a policy, such as arn:aws:iam::111122223333:policy/boundary')
    .optional(),
  path: z
    .string()
    .max(512)
    .regex(/^\/([\x21-\x2e\x30-\x7e]+\/)*$/, 'not a path: it begins and ends with /, as /team/')
    .optional(),
  namePrefix: z
    .string()
    .regex(/^[\w+=,.@-]{1,20}$/, 'not a prefix: 1 to 20 letters, digits and _ + = , . @ -')
    .optional(),
  vpcIds: idsOf('vpc', /^vpc-[0-9a-f]+$/),
  subnetIds: idsOf('subnet', /^subnet-[0-9a-f]+$/),
  clusterTag: z.boolean().default(false),
  operators: z
    .array(
      z.string().regex(PRINCIPAL, 'not the ARN of a role or user; * stands for any characters'),
    )
    .min(1)
    .optional(),
});

const deployment = z.strictObject({
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'not the name of an S3 bucket')
    .optional(),
  role: z
    .string()
    .regex(ROLE, 'not the ARN of a role, such as arn:aws:iam::111122223333:role/deploy')
    .optional(),
  terminationProtection: z.boolean().optional(),
  changeSets: z.boolean().default(false),
});

/** Lambda takes 128 to 10,240 MiB; with less than 256 the functions spend their time starting. */
const memory = z.int().min(256, 'at least 256 MiB').max(10_240, 'Lambda gives at most 10240 MiB');

/** The keys of a stage's configuration that say what is demanded. */
export const guardrails = {
  tags: tags.optional(),
  iam: iam.optional(),
  kmsKeyArn: z
    .string()
    .regex(KEY, 'not the ARN of a key (an alias will not do): arn:aws:kms:<region>:<account>:key/…')
    .optional(),
  codeSigningConfigArn: z
    .string()
    .regex(CODE_SIGNING, 'not the ARN of a code signing configuration of Lambda')
    .optional(),
  deployment: deployment.prefault({}),
  memoryMiB: z
    .strictObject({ reconcile: memory.default(512), sweep: memory.default(1_024) })
    .prefault({}),
  tracing: z.boolean().default(false),
  dashboard: z.boolean().default(true),
  fipsEndpoints: z.boolean().default(false),
  runbookUrl: z
    .url({
      protocol: /^https?$/,
      message: 'not an address, such as https://wiki.example.com/runbook',
    })
    .optional(),
};

interface Regional {
  readonly region: string;
  readonly alarmTopicArn?: string | undefined;
  readonly kmsKeyArn?: string | undefined;
  readonly codeSigningConfigArn?: string | undefined;
}

/**
 * What the stage's resources have to find in their own Region.
 * - Alarms send to no topic elsewhere (Amazon CloudWatch User Guide, "Using Amazon CloudWatch alarms").
 * - A key encrypts in its Region.
 * - Lambda looks for its code signing configuration there.
 */
export function elsewhere({ region, ...arns }: Regional): { key: string; message: string }[] {
  const { alarmTopicArn, kmsKeyArn, codeSigningConfigArn } = arns;
  return Object.entries({ alarmTopicArn, kmsKeyArn, codeSigningConfigArn }).flatMap(
    ([key, arn]) => {
      const other = arn?.split(':')[3];
      if (other === undefined || other === region) return [];
      return [{ key, message: `is of ${other}, the stage of ${region}: name one of ${region}` }];
    },
  );
}
