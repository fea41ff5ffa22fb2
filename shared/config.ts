import * as z from 'zod';
import type { AddressRange } from './address.ts';
import { parseRange, parseRangeList } from './claims/range-list.ts';
import type { Binding } from './claims/ranges.ts';
import type { BudgetSettings } from './enis/call-budget.ts';
import { DEFAULT_MANAGED_TAG, type ManagedTag, parseManagedTag } from './enis/ec2.ts';
import { POLICIES, type Policy, type PolicyName } from './plan/policy.ts';

/** One EKS cluster that is served. */
export interface ClusterConfig {
  readonly name: string;
  /** Nothing outside is ever assigned or released; absent: no such bound. */
  readonly ranges?: readonly AddressRange[];
  /** What lies inside is ours, whether a pod claimed it or not; absent: nothing is ours by configuration. */
  readonly ours?: readonly AddressRange[];
  /** Blocks that are kept for some namespaces; absent: none is. */
  readonly bindings?: readonly Binding[];
  readonly policy: Policy;
  /** Its Nodes tell how much room their ENIs have. */
  readonly advertisesRoom?: true;
}

/** What the functions are configured with. */
export interface Config {
  readonly region: string;
  readonly clusters: readonly ClusterConfig[];
  /**
   * The path in SSM's Parameter Store that has the settings of clusters that joined by themselves. The
   * cluster's name follows it. Absent: there are none.
   */
  readonly settingsPath?: string;
  /**
   * The stage that was deployed; absent if its version did not tell it yet. Then nothing can be stopped.
   */
  readonly stage?: string;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly managedTag: ManagedTag;
  readonly ec2: BudgetSettings;
  /** Of a cluster's addresses, from 0 to 1: more are not released at once unless their pods were seen to end. */
  readonly maxReleaseShare: number;
  /** The version that was deployed; absent if that one did not tell it yet. */
  readonly version?: string;
}

const policy = z
  .enum(['sync', 'upsert-only', 'dry-run'])
  .default('sync')
  .transform((name: PolicyName): Policy => POLICIES[name]);

const ranges = z
  .array(z.string())
  .transform((list, context): readonly AddressRange[] => {
    const parsed = parseRangeList(list);
    if (parsed.ok) return parsed.value;
    context.addIssue({ code: 'custom', message: parsed.detail });
    return z.NEVER;
  })
  .optional();

/** By block: the namespaces whose pods may have addresses of it. */
const namespaces = z
  .record(z.string(), z.array(z.string().min(1)).min(1))
  .transform((byBlock, context): readonly Binding[] =>
    Object.entries(byBlock).flatMap(([block, names]) => {
      const range = parseRange(block);
      if (range !== undefined) return [{ block, range, namespaces: names }];
      context.addIssue({ code: 'custom', message: `${block} is no range` });
      return [];
    }),
  )
  .optional();

/** From the name that the settings have for it to that of the code. */
function withRoom<T extends { readonly advertiseRoom: boolean }>({ advertiseRoom, ...rest }: T) {
  return { ...rest, ...(advertiseRoom && { advertisesRoom: true as const }) };
}

/** The same, of a cluster that the stage lists. */
function withBindings<T extends { readonly namespaces?: readonly Binding[] | undefined }>({
  namespaces: bindings,
  ...rest
}: T) {
  return { ...rest, ...(bindings && { bindings }) };
}

const advertiseRoom = z.boolean().default(false);

const clusters = z
  .array(
    z
      .strictObject({
        name: z.string().min(1).max(100),
        ranges,
        ours: ranges,
        namespaces,
        policy,
        advertiseRoom,
      })
      .transform(withRoom)
      .transform(withBindings),
  )
  .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, {
    message: 'each cluster is named once',
  });

const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'not JSON' });
    return z.NEVER;
  }
});

const tag = z.string().transform((text, context): ManagedTag => {
  const parsed = parseManagedTag(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: 'not of the form key=value' });
  return z.NEVER;
});

const rangesInText = z
  .string()
  .default('')
  .transform((text) => text.split(',').map((each) => each.trim()))
  .transform((list) => list.filter((each) => each !== ''))
  .transform((list) => (list.length === 0 ? undefined : list))
  .pipe(ranges);

/** What a cluster's own stack says of it; lists are texts, as a template's parameters are. */
const settings = z
  .strictObject({
    policy,
    ranges: rangesInText,
    ours: rangesInText,
    queueUrl: z.url(),
    advertiseRoom: z
      .enum(['true', 'false'])
      .default('false')
      .transform((text) => text === 'true'),
  })
  .transform(withRoom);

/** A cluster that joined by a stack of its own, with its own queue. */
export interface JoinedCluster extends ClusterConfig {
  readonly queueUrl: string;
}

/** The settings of a cluster that joined cannot be used. The text names the cluster, and each thing that is wrong. */
export class WrongSettingsError extends Error {
  override readonly name = 'WrongSettingsError';
  /** The queue that they name all the same. */
  readonly queueUrl: string | undefined;

  constructor(message: string, queueUrl: string | undefined) {
    super(message);
    this.queueUrl = queueUrl;
  }
}

const namedQueue = json.pipe(z.object({ queueUrl: z.url() }));

/**
 * Reads the settings that a cluster's stack keeps in SSM.
 *
 * @param name the cluster.
 * @param text the parameter's value.
 * @throws WrongSettingsError
 */
export function joinedClusterFrom(name: string, text: string): JoinedCluster {
  const parsed = json.pipe(settings).safeParse(text);
  if (parsed.success) return { name, ...parsed.data };
  const wrong = parsed.error.issues.map(({ path, message }) => [...path, message].join(': '));
  throw new WrongSettingsError(
    `the settings of cluster ${name} are wrong: ${wrong.join('; ')}`,
    namedQueue.safeParse(text).data?.queueUrl,
  );
}
/** How many executions share EC2's call budget, and what of it is theirs. */
const budget = z.strictObject({
  writers: z.int().min(1).max(1_000),
  share: z.number().positive().max(1).optional(),
  maxPerSecond: z.number().positive().max(1_000).optional(),
  table: z.string().min(3).optional(),
});

/** As config/schema.ts has it by default. */
const DEFAULT_BUDGET = { writers: 4 } as const;
const DEFAULT_RELEASE_SHARE = 0.3;

const environment = z.object({
  AWS_REGION: z.string().min(1),
  CLUSTERS: json.pipe(clusters),
  SETTINGS_PATH: z
    .string()
    .regex(/^\/.*\/$/, 'not a path that begins and ends with /')
    .optional(),
  STAGE: z.string().min(1).optional(),
  QUEUE_URL: z.url(),
  DEAD_LETTER_QUEUE_URL: z.url(),
  MANAGED_TAG: tag.optional(),
  EC2_BUDGET: json.pipe(budget).optional(),
  MAX_RELEASE_SHARE: z.coerce.number().min(0).max(1).optional(),
  PRODUCT_VERSION: z.string().optional(),
});

/**
 * Reads the functions' configuration from environment variables.
 *
 * @throws an Error that names every variable that is missing or wrong, and what is wrong with it.
 */
export function configFrom(variables: Readonly<Record<string, string | undefined>>): Config {
  const parsed = environment.safeParse(variables);
  if (!parsed.success) throw new Error(`configuration: ${whatIsWrong(parsed.error, variables)}`);
  const { AWS_REGION, CLUSTERS, QUEUE_URL, DEAD_LETTER_QUEUE_URL, MANAGED_TAG, SETTINGS_PATH } =
    parsed.data;
  const { PRODUCT_VERSION } = parsed.data;
  if (CLUSTERS.length === 0 && SETTINGS_PATH === undefined) {
    throw new Error('configuration: CLUSTERS names no cluster, and SETTINGS_PATH is not set');
  }
  return {
    region: AWS_REGION,
    clusters: CLUSTERS,
    ...(SETTINGS_PATH !== undefined && { settingsPath: SETTINGS_PATH }),
    ...(parsed.data.STAGE !== undefined && { stage: parsed.data.STAGE }),
    queueUrl: QUEUE_URL,
    deadLetterQueueUrl: DEAD_LETTER_QUEUE_URL,
    managedTag: MANAGED_TAG ?? DEFAULT_MANAGED_TAG,
    ec2: parsed.data.EC2_BUDGET ?? DEFAULT_BUDGET,
    maxReleaseShare: parsed.data.MAX_RELEASE_SHARE ?? DEFAULT_RELEASE_SHARE,
    ...(PRODUCT_VERSION !== undefined && { version: PRODUCT_VERSION }),
  };
}

function whatIsWrong(
  error: z.ZodError,
  variables: Readonly<Record<string, string | undefined>>,
): string {
  return error.issues
    .map(({ path: [variable, ...within], message }) => {
      const name = String(variable);
      if (variables[name] === undefined) return `environment variable ${name} is not set`;
      const where = within.length > 0 ? ` at ${within.join('.')}` : '';
      return `environment variable ${name}${where}: ${message}`;
    })
    .join('; ');
}
