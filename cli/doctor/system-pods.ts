import * as z from 'zod';

/** What checks look at of a pod that the nodes' networks, or this product, rest on. */
export interface SystemPod {
  readonly of: 'multus' | 'vpc-cni' | 'forwarder';
  readonly namespace: string;
  readonly name: string;
  readonly node?: string;
  readonly ready: boolean;
  /** Of its containers, not of its init containers. */
  readonly images: readonly string[];
  /** The names of the variables that its containers are given. */
  readonly variables: readonly string[];
  /** The variables whose values the manifest itself has. */
  readonly environment: Readonly<Record<string, string>>;
}

const pod = z.object({
  metadata: z.object({
    namespace: z.string(),
    name: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
    deletionTimestamp: z.string().optional(),
  }),
  spec: z.object({
    nodeName: z.string().optional(),
    hostNetwork: z.boolean().default(false),
    containers: z.array(
      z.object({
        image: z.string().default(''),
        env: z.array(z.object({ name: z.string(), value: z.string().optional() })).default([]),
      }),
    ),
  }),
  status: z
    .object({
      phase: z.string().optional(),
      conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
    })
    .optional(),
});

const ENDED = ['Succeeded', 'Failed'];

/** A pod as the API server lists it; `undefined` for one that no check looks at. */
export function systemPodFrom(object: unknown): SystemPod | undefined {
  const { data } = pod.safeParse(object);
  if (data === undefined || data.metadata.deletionTimestamp !== undefined) return undefined;
  if (ENDED.includes(data.status?.phase ?? '')) return undefined;
  const of = kindOf(data);
  if (of === undefined) return undefined;
  const { metadata, spec, status } = data;
  const variables = spec.containers.flatMap(({ env }) => env);
  return {
    of,
    namespace: metadata.namespace,
    name: metadata.name,
    ...(spec.nodeName !== undefined && { node: spec.nodeName }),
    ready: (status?.conditions ?? []).some(
      (each) => each.type === 'Ready' && each.status === 'True',
    ),
    images: spec.containers.map(({ image }) => image),
    variables: variables.map(({ name }) => name),
    environment: Object.fromEntries(
      variables.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
    ),
  };
}

function kindOf({ metadata, spec }: z.infer<typeof pod>): SystemPod['of'] | undefined {
  const { labels, name } = metadata;
  if (labels['app.kubernetes.io/name'] === 'multus-eni-forwarder') return 'forwarder';
  // The DaemonSets of the VPC CNI and of Multus' own manifests; charts of Multus name theirs multus.
  if (labels['k8s-app'] === 'aws-node') return 'vpc-cni';
  return spec.hostNetwork && /(^|-)multus(-|$)/.test(name) ? 'multus' : undefined;
}
