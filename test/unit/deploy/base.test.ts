import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { readConfig, variables } from '../../../forwarder/config.ts';
import { IMAGE } from '../../../scripts/image/description.ts';
import { overlay } from '../../../scripts/overlay.ts';
import { KUBERNETES_GROUP } from '../../../shared/cluster/errors.ts';
import { NETWORK_DEFINITIONS } from '../../../shared/cluster/networks.ts';
import { configMapPatch, inBase, kustomizationIn } from './manifests.ts';

const NAME = 'multus-eni-forwarder';
const LABEL = 'app.kubernetes.io/name';

const probe = z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) });
const deployment = z.object({
  spec: z.object({
    replicas: z.number(),
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
    template: z.object({
      metadata: z.object({
        labels: z.record(z.string(), z.string()),
        annotations: z.record(z.string(), z.string()),
      }),
      spec: z.looseObject({
        serviceAccountName: z.string(),
        terminationGracePeriodSeconds: z.number(),
        topologySpreadConstraints: z.array(
          z.object({
            labelSelector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
          }),
        ),
        containers: z.tuple([
          z.looseObject({
            image: z.string(),
            args: z.array(z.string()),
            envFrom: z.array(z.object({ configMapRef: z.object({ name: z.string() }) })),
            env: z.array(z.looseObject({ name: z.string() })),
            ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
            startupProbe: probe,
            livenessProbe: probe,
            readinessProbe: probe,
          }),
        ]),
      }),
    }),
  }),
});
const { spec } = deployment.parse(inBase('Deployment'));
const pod = spec.template.spec;
const [container] = pod.containers;

const rules = z.object({ rules: z.array(z.record(z.string(), z.array(z.string()))) });
const binding = z.object({
  roleRef: z.object({ kind: z.string(), name: z.string() }),
  subjects: z.array(z.looseObject({ kind: z.string(), name: z.string() })),
});
const rulesOf = (kind: string, name: string) => rules.parse(inBase(kind, name)).rules;
const bindingOf = (kind: string, name: string) => binding.parse(inBase(kind, name));

const [generated] = kustomizationIn('base').configMapGenerator ?? [];
const literals = Object.fromEntries(
  (generated?.literals ?? []).map((literal) => literal.split('=', 2)),
);
const ofPod = { POD_NAME: 'forwarder-0', POD_NAMESPACE: 'multus-eni-reconciler' };

describe('the forwarder’s environment', () => {
  test('has no variable that the forwarder does not read', () => {
    const known = Object.keys(variables.shape);
    expect(known).toEqual(expect.arrayContaining(container.env.map(({ name }) => name)));
    expect(known).toEqual(expect.arrayContaining(Object.keys(literals)));
  });

  test('is complete with what an overlay fills in', () => {
    const [patch] = kustomizationIn('overlays/example').patches ?? [];
    const { data } = configMapPatch(patch?.patch ?? '');
    expect(Object.keys(data).sort()).toEqual(Object.keys(literals).sort());
    expect(readConfig({ ...literals, ...data, ...ofPod })).toMatchObject({
      cluster: data.CLUSTER_NAME,
      queueUrl: data.QUEUE_URL,
      region: data.AWS_REGION,
    });
  });

  test('says what is missing if no overlay does', () => {
    for (const name of Object.keys(literals)) {
      expect(() => readConfig({ ...literals, ...ofPod })).toThrow(`${name}: `);
    }
  });

  test('comes from the ConfigMap that is generated, and from the pod', () => {
    expect(container.envFrom).toEqual([{ configMapRef: { name: generated?.name } }]);
    expect(container.env).toEqual([
      {
        name: 'AWS_REGION',
        valueFrom: { configMapKeyRef: { name: generated?.name, key: 'AWS_REGION' } },
      },
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
    ]);
  });

  test('is in a ConfigMap that kustomize cannot take for the Lease', () => {
    expect(generated?.name).not.toBe(leaseName());
  });
});

function leaseName(): string {
  const rest = { CLUSTER_NAME: 'a', QUEUE_URL: 'https://a/a.fifo', AWS_REGION: 'us-east-1' };
  return readConfig({ ...rest, ...ofPod }).leaseName;
}

describe('the Deployment', () => {
  test('runs the forwarder of the image', () => {
    expect(container.image).toBe(IMAGE.name);
    expect(container.args).toEqual(IMAGE.command);
  });

  test('is found by whatever selects its pods', () => {
    const { labels } = spec.template.metadata;
    const selector = z.object({
      spec: z.object({
        selector: z.object({ matchLabels: z.unknown() }).optional(),
        podSelector: z.object({ matchLabels: z.unknown() }).optional(),
      }),
    });
    const budget = selector.parse(inBase('PodDisruptionBudget')).spec.selector;
    const network = selector.parse(inBase('NetworkPolicy')).spec.podSelector;
    const spread = pod.topologySpreadConstraints.map(({ labelSelector }) => labelSelector);
    for (const selected of [spec.selector, budget, network, ...spread]) {
      expect(selected).toEqual({ matchLabels: { [LABEL]: labels[LABEL] } });
    }
  });

  test('survives the loss of a replica, and of a node', () => {
    expect(spec.replicas).toBe(2);
    expect(inBase('PodDisruptionBudget')).toMatchObject({ spec: { minAvailable: 1 } });
    // 15 s to send what waits, and a request to give up the Lease.
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(30);
  });

  test('is asked for its health where the forwarder answers', () => {
    const [port] = container.ports;
    const { httpPort } = readConfig({
      ...{ CLUSTER_NAME: 'a', QUEUE_URL: 'https://a/a.fifo', AWS_REGION: 'us-east-1' },
      ...ofPod,
    });
    expect(port).toEqual({ name: 'http', containerPort: httpPort });
    for (const { httpGet } of [container.startupProbe, container.livenessProbe]) {
      expect(httpGet).toEqual({ path: '/healthz', port: 'http' });
    }
    expect(container.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'http' });
    expect(spec.template.metadata.annotations).toEqual({
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': String(httpPort),
      'prometheus.io/path': '/metrics',
    });
  });

  test('keeps to the restricted Pod Security standard, which its namespace enforces', () => {
    expect(inBase('Namespace').metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
    });
    const [user, group] = IMAGE.user.split(':').map(Number);
    expect(pod.securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: user,
      runAsGroup: group,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });
});

describe('who may do what', () => {
  test('the functions: read what pods claim and where, tell pods and write Events', () => {
    expect(rulesOf('ClusterRole', 'multus-eni-reconciler')).toEqual([
      { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
      { apiGroups: [''], resources: ['pods/status'], verbs: ['patch'] },
      { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list'] },
      {
        apiGroups: [NETWORK_DEFINITIONS.group],
        resources: [NETWORK_DEFINITIONS.plural],
        verbs: ['list'],
      },
      { apiGroups: [''], resources: ['events'], verbs: ['create'] },
      { apiGroups: ['whereabouts.cni.cncf.io'], resources: ['ippools'], verbs: ['list'] },
      {
        apiGroups: ['multus-eni.dev'],
        resources: ['eniledgers'],
        verbs: ['get', 'list', 'create', 'update', 'delete'],
      },
    ]);
    expect(bindingOf('ClusterRoleBinding', 'multus-eni-reconciler')).toMatchObject({
      roleRef: { kind: 'ClusterRole', name: 'multus-eni-reconciler' },
      subjects: [{ kind: 'Group', name: KUBERNETES_GROUP }],
    });
  });

  test('the forwarder: watch pods, and keep its own Lease', () => {
    expect(rulesOf('ClusterRole', NAME)).toEqual([
      { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] },
    ]);
    const leases = { apiGroups: ['coordination.k8s.io'], resources: ['leases'] };
    expect(rulesOf('Role', NAME)).toEqual([
      { ...leases, verbs: ['create'] },
      { ...leases, resourceNames: [leaseName()], verbs: ['get', 'update'] },
    ]);
    for (const [kind, role] of [
      ['ClusterRoleBinding', 'ClusterRole'],
      ['RoleBinding', 'Role'],
    ] as const) {
      // Without a namespace: kustomize puts in that of the overlay, but does not replace another.
      expect(bindingOf(kind, NAME)).toEqual({
        roleRef: expect.objectContaining({ kind: role, name: NAME }),
        subjects: [{ kind: 'ServiceAccount', name: pod.serviceAccountName }],
      });
    }
    expect(inBase('ServiceAccount').metadata.name).toBe(pod.serviceAccountName);
  });
});

test('the overlay that is written from a stack patches what is there', () => {
  const namespace = kustomizationIn('base').namespace ?? '';
  const written = overlay(
    {
      ...{ cluster: 'demo', identity: 'irsa', namespace, serviceAccount: NAME },
      ...{ region: 'us-east-1', queueUrl: 'https://sqs/q.fifo', roleArn: 'arn:aws:iam::1:role/a' },
    },
    'registry/multus-eni-reconciler:0.1.0',
  );
  const {
    patches,
    images,
    namespace: changed,
  } = z
    .looseObject({
      namespace: z.string().optional(),
      images: z.array(z.looseObject({ name: z.string() })),
      patches: z.array(z.object({ patch: z.string() })),
    })
    .parse(parse(written));
  expect(changed).toBeUndefined();
  expect(images.map(({ name }) => name)).toEqual([container.image]);
  const [environmentPatch, account] = patches.map(({ patch }) => parse(patch));
  expect(environmentPatch).toMatchObject({
    kind: 'ConfigMap',
    metadata: { name: generated?.name },
    data: Object.fromEntries(Object.keys(literals).map((key) => [key, expect.any(String)])),
  });
  expect(account).toMatchObject({ kind: 'ServiceAccount', metadata: { name: NAME } });
});
