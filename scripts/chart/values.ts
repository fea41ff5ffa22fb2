import * as z from 'zod';

/*
 * The values of deploy/chart: values.schema.json and the table in its README are made of this
 * (`npm run chart`), and values.yaml is held against it by a test.
 */

/** A part of a manifest, as Kubernetes' own API has it. */
const manifest = (about: string) => z.looseObject({}).describe(about).optional();

const strings = (about: string) => z.record(z.string(), z.string()).describe(about).optional();

const image = z.strictObject({
  repository: z
    .string()
    .min(1)
    .regex(/^[^:@]+(:[0-9]+\/[^:@]+)?$/)
    .describe('the image without tag; a released chart has the released one'),
  tag: z.string().describe("without it the chart's `appVersion`").optional(),
  digest: z
    .string()
    .regex(/^(sha256:[0-9a-f]{64})?$/)
    .describe('names the image exactly; the tag is then left out')
    .optional(),
});

const proxy = z.strictObject({
  httpsProxy: z
    .string()
    .regex(/^(https?:\/\/[^/]+\/?)?$/)
    .describe('the URL of the proxy that leads to SQS; the NetworkPolicy lets its port out')
    .optional(),
  noProxy: z
    .string()
    .describe('hosts that are reached without it, separated by commas; the API server is, always')
    .optional(),
});

export const chartValues = z.strictObject({
  global: z.looseObject({}).optional(),
  clusterName: z
    .string()
    .regex(/^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/)
    .describe("the cluster's name, as the stage's file has it"),
  queueUrl: z
    .string()
    .regex(/^https?:\/\/.+\.fifo$/)
    .describe("the stack's output `QueueUrl`"),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-[0-9]+$/)
    .describe("the stack's Region"),
  image,
  replicas: z.int().min(1).describe('one sends, the others stand by').optional(),
  resources: manifest('merged over what the container asks for'),
  nodeSelector: strings('added to `kubernetes.io/os: linux`'),
  tolerations: z.array(z.looseObject({})).describe('of the pods').optional(),
  affinity: manifest('of the pods; that they spread over nodes and zones stays'),
  podAnnotations: strings('added to those for Prometheus'),
  podLabels: strings('added to that by which the Deployment knows its pods'),
  priorityClassName: z.string().describe('of the pods').optional(),
  imagePullSecrets: z
    .array(z.strictObject({ name: z.string() }))
    .describe('of the pods')
    .optional(),
  proxy: proxy.optional(),
  environment: strings("more of [the forwarder's variables](#the-forwarder)"),
  serviceAccount: z
    .strictObject({
      name: z
        .string()
        .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)
        .describe("as the stage's file has it")
        .optional(),
      annotations: strings('with IRSA: `eks.amazonaws.com/role-arn`'),
    })
    .optional(),
  deployment: manifest('merged over the whole Deployment at last; its lists are replaced'),
});

/** The schema by which helm refuses values. */
export function valuesSchema(): unknown {
  const { $schema, ...schema } = z.toJSONSchema(chartValues, { target: 'draft-7', io: 'input' });
  const { properties = {} } = schema;
  return {
    $schema: 'https://json-schema.org/draft-07/schema#',
    ...schema,
    properties: {
      ...properties,
      // The Role names the Lease.
      environment: { ...Object(properties.environment), not: { required: ['LEASE_NAME'] } },
    },
  };
}

/** Each value that can be set, with what it is: `[path, about]`. */
export function describedValues(): [string, string][] {
  return leaves(valuesSchema(), '');
}

const node = z.looseObject({
  description: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
});

function leaves(schema: unknown, path: string): [string, string][] {
  const { description, properties = {} } = node.parse(schema);
  if (description !== undefined) return [[path, description]];
  return Object.entries(properties).flatMap(([key, inner]) =>
    leaves(inner, path === '' ? key : `${path}.${key}`),
  );
}
