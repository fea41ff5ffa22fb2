import * as z from 'zod';
import type { AddressRange } from './address.ts';
import { parseRangeList } from './claims/range-list.ts';
import { DEFAULT_MANAGED_TAG, type ManagedTag, parseManagedTag } from './enis/ec2.ts';
import { POLICIES, type Policy, type PolicyName } from './plan/policy.ts';

/** One EKS cluster that is served. */
export interface ClusterConfig {
  readonly name: string;
  /** Nothing outside is ever assigned or released; absent: no such bound. */
  readonly ranges?: readonly AddressRange[];
  readonly policy: Policy;
}

/** What the functions are configured with. */
export interface Config {
  readonly region: string;
  readonly clusters: readonly ClusterConfig[];
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly managedTag: ManagedTag;
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

const clusters = z
  .array(z.strictObject({ name: z.string().min(1).max(100), ranges, policy }))
  .min(1, 'at least one cluster is needed')
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

const environment = z.object({
  AWS_REGION: z.string().min(1),
  CLUSTERS: json.pipe(clusters),
  QUEUE_URL: z.url(),
  DEAD_LETTER_QUEUE_URL: z.url(),
  MANAGED_TAG: tag.optional(),
});

/**
 * Reads the functions' configuration from environment variables.
 *
 * @throws an Error that names every variable that is missing or wrong, and what is wrong with it.
 */
export function configFrom(variables: Readonly<Record<string, string | undefined>>): Config {
  const parsed = environment.safeParse(variables);
  if (!parsed.success) throw new Error(`configuration: ${whatIsWrong(parsed.error, variables)}`);
  const { AWS_REGION, CLUSTERS, QUEUE_URL, DEAD_LETTER_QUEUE_URL, MANAGED_TAG } = parsed.data;
  return {
    region: AWS_REGION,
    clusters: CLUSTERS,
    queueUrl: QUEUE_URL,
    deadLetterQueueUrl: DEAD_LETTER_QUEUE_URL,
    managedTag: MANAGED_TAG ?? DEFAULT_MANAGED_TAG,
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
