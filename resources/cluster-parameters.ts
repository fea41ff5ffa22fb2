/** Those that EventBridge has an exact rate for within the hour. */
export const SWEEP_MINUTES = [1, 2, 3, 5, 10, 15, 20, 30, 60];

function parameter(Description: string, rules: Readonly<Record<string, unknown>> = {}): unknown {
  return { Type: 'String', Description, ...rules };
}

/** What an operator says of a cluster when deploying its stack. */
export const PARAMETERS = {
  ClusterName: parameter('The name of the EKS cluster', {
    AllowedPattern: '^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$',
    ConstraintDescription: 'the name of an EKS cluster: letters, digits, - and _',
  }),
  Stage: parameter("The stage of the account's stack", {
    Default: 'prod',
    AllowedPattern: '^[A-Za-z0-9-]{1,15}$',
    ConstraintDescription: 'a stage: 1 to 15 letters, digits and -',
  }),
  QueueName: parameter(
    "What names the cluster's queues: its name, or the beginning of one that is longer than 25",
    {
      AllowedPattern: '^[A-Za-z0-9-]{1,25}$',
      ConstraintDescription: '1 to 25 letters, digits and -: SQS takes 80 with what is around it',
    },
  ),
  Policy: parameter(
    'What may be done: sync assigns and releases, upsert-only never releases, dry-run decides and logs',
    {
      Default: 'sync',
      AllowedValues: ['sync', 'upsert-only', 'dry-run'],
    },
  ),
  Ranges: parameter(
    'Nothing outside of these is ever assigned or released, such as 172.16.0.0/16; with commas between',
    {
      Default: '',
      AllowedPattern: '^[0-9a-fA-F.:/, -]*$',
      ConstraintDescription:
        'CIDR blocks, or first and last address with - between, and commas between those',
    },
  ),
  Ours: parameter(
    'What lies in these is released if no pod claims it, whoever assigned it, such as 172.16.1.16/28; with commas between',
    {
      Default: '',
      AllowedPattern: '^[0-9a-fA-F.:/, -]*$',
      ConstraintDescription:
        'CIDR blocks, or first and last address with - between, and commas between those',
    },
  ),
  AdvertiseRoom: parameter(
    'Whether Nodes tell the scheduler how much room their ENIs have; needs what deploy/room is applied for',
    {
      Default: 'false',
      AllowedValues: ['true', 'false'],
    },
  ),
  Access: parameter(
    "How the functions get into the cluster: an access entry, or the lines for its ConfigMap aws-auth that the account's stack has as its output MapRoles",
    {
      Default: 'access-entry',
      AllowedValues: ['access-entry', 'aws-auth'],
    },
  ),
  OidcProvider: parameter(
    "For IRSA: the cluster's OIDC provider, without https://. Without it EKS Pod Identity gives the forwarder its role",
    {
      Default: '',
      AllowedPattern: '^([a-z0-9][a-z0-9.-]*/[A-Za-z0-9/]+)?$',
      ConstraintDescription: 'an issuer without https://',
    },
  ),
  Namespace: parameter('Where the forwarder runs', {
    Default: 'multus-eni-reconciler',
    AllowedPattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$',
  }),
  ServiceAccount: parameter('Its service account', {
    Default: 'multus-eni-forwarder',
    AllowedPattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$',
  }),
  SweepMinutes: parameter('How often the cluster is compared with EC2', {
    Default: '5',
    AllowedValues: SWEEP_MINUTES.map(String),
  }),
  Concurrency: {
    Type: 'Number',
    Description: 'How many batches of its nodes are reconciled at the same time',
    Default: 4,
    MinValue: 2,
    MaxValue: 1000,
  },
  LeakedThreshold: {
    Type: 'Number',
    Description: 'More leaked addresses than this are an alarm',
    Default: 10,
    MinValue: 0,
  },
  AlarmTopicArn: parameter("Where its alarms go; without it to the account's topic", {
    Default: '',
    AllowedPattern: '^(arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+)?$',
    ConstraintDescription: 'the ARN of an SNS topic of this Region',
  }),
  RunbookUrl: parameter('The address of your copy of docs/runbook.md, for the alarms', {
    Default: 'docs/runbook.md',
    AllowedPattern: '^(https?://[^ ]+|docs/runbook\\.md)$',
  }),
  KmsKeyArn: parameter("The key of the account's stack, if it has one of its own", {
    Default: '',
    AllowedPattern: '^(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+)?$',
    ConstraintDescription: 'the ARN of a key of this Region, and no alias',
  }),
  PermissionsBoundary: parameter("The ARN of the policy that bounds the forwarder's role", {
    Default: '',
    AllowedPattern: '^(arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+)?$',
    ConstraintDescription: 'the ARN of a policy',
  }),
  Operators: parameter(
    'The ARNs of the roles and users who may replay its messages, with commas; * stands for any characters',
    {
      Default: '',
      AllowedPattern:
        '^(arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[A-Za-z0-9_+=.@/*-]+(,(?=.)|$))*$',
      ConstraintDescription: 'ARNs of roles and users, with commas between them',
    },
  ),
  RolePath: parameter("The path of the forwarder's role", {
    Default: '/',
    AllowedPattern: '^/([!-.0-~]+/)*$',
    ConstraintDescription: 'it begins and ends with /',
  }),
} as const;
