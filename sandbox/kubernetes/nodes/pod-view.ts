import * as z from 'zod';
import type { KubeObject } from '../object.ts';

const conditionSchema = z.looseObject({ type: z.string(), status: z.string() });
const term = z.looseObject({
  /** Kubernetes knows of one field, `metadata.name`. */
  matchFields: z.array(z.looseObject({ values: z.array(z.string()) })).default([]),
});
const required = z.looseObject({ nodeSelectorTerms: z.array(term) });
const specSchema = z.looseObject({
  nodeName: z.string().optional(),
  hostNetwork: z.boolean().default(false),
  nodeSelector: z.record(z.string(), z.string()).default({}),
  affinity: z
    .looseObject({
      nodeAffinity: z
        .looseObject({ requiredDuringSchedulingIgnoredDuringExecution: required.optional() })
        .optional(),
    })
    .default({}),
  readinessGates: z.array(z.object({ conditionType: z.string() })).default([]),
  containers: z
    .array(z.looseObject({ name: z.string(), image: z.string().default('') }))
    .default([]),
});
const statusSchema = z.looseObject({
  phase: z.string().default('Pending'),
  conditions: z.array(conditionSchema).default([]),
});

/** What scheduler and kubelet look at in a Pod. */
export interface PodView {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node?: string | undefined;
  readonly terminating: boolean;
  readonly finished: boolean;
  readonly hostNetwork: boolean;
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** The nodes that its affinity names; absent: any. */
  readonly onNodes?: readonly string[] | undefined;
  readonly readinessGates: readonly string[];
  readonly containers: readonly { readonly name: string; readonly image: string }[];
  readonly phase: string;
  readonly conditions: readonly { readonly type: string; readonly status: string }[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** @throws z.ZodError */
export function viewPod(object: KubeObject): PodView {
  const spec = specSchema.parse(object.spec ?? {});
  const status = statusSchema.parse(object.status ?? {});
  const { namespace = 'default', name, uid, annotations = {}, deletionTimestamp } = object.metadata;
  return {
    namespace,
    name,
    uid,
    node: spec.nodeName === '' ? undefined : spec.nodeName,
    terminating: deletionTimestamp !== undefined,
    finished: status.phase === 'Succeeded' || status.phase === 'Failed',
    hostNetwork: spec.hostNetwork,
    nodeSelector: spec.nodeSelector,
    onNodes: namesIn(spec.affinity.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    readinessGates: spec.readinessGates.map((gate) => gate.conditionType),
    containers: spec.containers,
    phase: status.phase,
    conditions: status.conditions,
    annotations,
  };
}

function namesIn(affinity: z.infer<typeof required> | undefined): string[] | undefined {
  const fields = affinity?.nodeSelectorTerms.flatMap(({ matchFields }) => matchFields) ?? [];
  return fields.length === 0 ? undefined : fields.flatMap(({ values }) => values);
}
