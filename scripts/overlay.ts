import { stringify } from 'yaml';
import * as z from 'zod';
import { idOf } from '../resources/names.ts';

const deployed = z.object({
  cluster: z.string(),
  identity: z.enum(['pod-identity', 'irsa']),
  namespace: z.string(),
  serviceAccount: z.string(),
  region: z.string(),
  queueUrl: z.url(),
  roleArn: z.string().startsWith('arn:'),
});

/** What the manifests in one cluster need to know of the deployed stack. */
export type DeployedCluster = z.infer<typeof deployed>;

/**
 * What a stack's outputs say of a cluster.
 *
 * @throws an Error that names the clusters that there are, where it is none of them.
 */
export function clusterIn(outputs: ReadonlyMap<string, string>, cluster: string): DeployedCluster {
  const text = outputs.get(`Cluster${idOf(cluster)}`);
  if (text !== undefined) return deployed.parse(JSON.parse(text));
  const known = [...outputs]
    .filter(([key]) => key.startsWith('Cluster'))
    .map(([, value]) => deployed.parse(JSON.parse(value)).cluster);
  throw new Error(
    `the stack serves no cluster ${cluster}, but ${known.join(', ') || 'none'}: ` +
      'add it to the configuration of the stage and deploy',
  );
}

/** The names that the manifests in deploy/base have; an overlay patches these objects. */
const BASE = {
  namespace: 'multus-eni-reconciler',
  serviceAccount: 'multus-eni-forwarder',
  /** Its keys are the forwarder's environment, as forwarder/config.ts reads it. */
  configMap: 'multus-eni-forwarder-environment',
  image: 'multus-eni-reconciler',
} as const;

/**
 * The kustomization of a cluster's overlay: deploy/base with the ConfigMap of this stack, and with
 * IRSA the role on the service account.
 *
 * @param image the container image, `name:tag` or `name@digest`; absent: that of deploy/base.
 */
export function overlay(cluster: DeployedCluster, image?: string): string {
  const configMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: BASE.configMap },
    data: {
      CLUSTER_NAME: cluster.cluster,
      QUEUE_URL: cluster.queueUrl,
      AWS_REGION: cluster.region,
    },
  };
  const serviceAccount = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name: BASE.serviceAccount,
      annotations: { 'eks.amazonaws.com/role-arn': cluster.roleArn },
    },
  };
  const patched = cluster.identity === 'irsa' ? [configMap, serviceAccount] : [configMap];
  const text = stringify({
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    ...(cluster.namespace === BASE.namespace ? {} : { namespace: cluster.namespace }),
    resources: ['../../base'],
    ...(image === undefined ? {} : { images: [replaced(image)] }),
    patches: [
      ...patched.map((object): unknown => ({ patch: stringify(object) })),
      ...(cluster.serviceAccount === BASE.serviceAccount ? [] : [renamed(cluster.serviceAccount)]),
    ],
  });
  return `# Written by \`npm run kustomize -- ${cluster.cluster}\` from the stack's outputs.\n${text}`;
}

/** Kustomize has those follow that name the service account: Deployment and bindings. */
function renamed(serviceAccount: string): unknown {
  return {
    target: { kind: 'ServiceAccount', name: BASE.serviceAccount },
    options: { allowNameChange: true },
    patch: stringify([{ op: 'replace', path: '/metadata/name', value: serviceAccount }]),
  };
}

/** A kustomization's entry for an image. A registry's port is not a tag. */
function replaced(image: string): Readonly<Record<string, string>> {
  const [newName = '', digest] = image.split('@');
  if (digest !== undefined) return { name: BASE.image, newName, digest };
  const [, name = image, newTag] = /^(.+):([^:/]+)$/.exec(image) ?? [];
  return { name: BASE.image, newName: name, ...(newTag === undefined ? {} : { newTag }) };
}
