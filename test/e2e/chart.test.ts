import { globSync, lstatSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { CommandFailed, run } from './parts/command.ts';
import { program } from './parts/programs.ts';

const DEPLOY = join(import.meta.dirname, '../../deploy');
const CHART = join(DEPLOY, 'chart');

const object = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});
type KubernetesObject = z.infer<typeof object>;

const annotated = z.object({ annotations: z.record(z.string(), z.string()).default({}) });

/** As far as values change it. */
const deployment = z.object({
  spec: z.object({
    template: z.object({
      metadata: z.object({ annotations: z.record(z.string(), z.string()) }),
      spec: z.looseObject({
        topologySpreadConstraints: z.unknown(),
        containers: z.array(
          z.object({ image: z.string(), resources: z.unknown(), env: z.array(z.unknown()) }),
        ),
      }),
    }),
  }),
});

function objectsIn(text: string): KubernetesObject[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS())
    .filter((each) => each !== null)
    .map((each) => object.parse(each));
}

/** The example overlay, and the values that say the same. */
async function overlay(): Promise<KubernetesObject[]> {
  return objectsIn(await run([program('kubectl'), 'kustomize', join(DEPLOY, 'overlays/example')]));
}

const VALUES = [
  'clusterName=demo',
  'queueUrl=https://sqs.us-east-1.amazonaws.com/111122223333/multus-eni-reconciler-example.fifo',
  'region=us-east-1',
  'image.repository=111122223333.dkr.ecr.us-east-1.amazonaws.com/multus-eni-reconciler',
].flatMap((value) => ['--set', value]);

function rendered(...more: readonly string[]): Promise<KubernetesObject[]> {
  return renderedOf(CHART, ...more);
}

async function renderedOf(chart: string, ...more: readonly string[]): Promise<KubernetesObject[]> {
  const namespace = ['--namespace', 'multus-eni-reconciler'];
  const text = await run([
    program('helm'),
    'template',
    'x',
    chart,
    ...namespace,
    ...VALUES,
    ...more,
  ]);
  return objectsIn(text);
}

/** By kind and name, without what kustomize and helm each add of their own. */
function comparable(objects: readonly KubernetesObject[]): Record<string, unknown> {
  const text = JSON.stringify(objects)
    .replaceAll(/(multus-eni-forwarder-environment)-[a-z0-9]{10}"/g, '$1"')
    .replaceAll(/"checksum\/environment":"[0-9a-f]+",/g, '');
  const entries = z.array(object).parse(JSON.parse(text));
  return Object.fromEntries(
    entries
      .filter(({ kind }) => kind !== 'Namespace')
      .map((each) => {
        const { labels, annotations, namespace, ...metadata } = each.metadata;
        // kustomize takes it for namespaced, and the API server leaves the namespace out.
        const isOfNone = each.kind.startsWith('ValidatingAdmissionPolicy');
        const named = { ...metadata, ...(!isOfNone && { namespace }) };
        return [`${each.kind} ${metadata.name}`, { ...each, metadata: named }];
      }),
  );
}

describe('the chart', () => {
  test('passes helm lint', async () => {
    const said = await run([program('helm'), 'lint', '--strict', CHART, ...VALUES]);
    expect(said).toContain('1 chart(s) linted, 0 chart(s) failed');
  });

  test('renders what the kustomization does', async () => {
    expect(comparable(await rendered())).toEqual(comparable(await overlay()));
  });

  test('keeps the kind of the ledgers if a release is uninstalled', async () => {
    const kept = (await rendered()).filter(({ metadata }) => {
      return annotated.parse(metadata).annotations['helm.sh/resource-policy'] === 'keep';
    });
    expect(kept.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'CustomResourceDefinition eniledgers.multus-eni.dev',
    ]);
  });

  test('restarts the forwarder if its environment changes', async () => {
    const checksum = async (...values: readonly string[]) => {
      const deployment = (await rendered(...values)).find(({ kind }) => kind === 'Deployment');
      return z
        .object({
          spec: z.object({
            template: z.object({
              metadata: z.object({ annotations: z.object({ 'checksum/environment': z.string() }) }),
            }),
          }),
        })
        .parse(deployment).spec.template.metadata.annotations['checksum/environment'];
    };
    const before = await checksum();
    expect(await checksum()).toBe(before);
    expect(await checksum('--set', 'environment.LOG_LEVEL=debug')).not.toBe(before);
  });

  test('can change anything of the Deployment, and gives the role of IRSA', async () => {
    const role = 'arn:aws:iam::111122223333:role/forwarder';
    const objects = await rendered(
      ...['--set', 'deployment.spec.replicas=3'],
      ...['--set', `serviceAccount.annotations.eks\\.amazonaws\\.com/role-arn=${role}`],
    );
    const of = (wanted: string) => objects.find(({ kind }) => kind === wanted);
    expect(of('Deployment')).toMatchObject({
      spec: { replicas: 3, template: { spec: { serviceAccountName: 'multus-eni-forwarder' } } },
    });
    expect(of('ServiceAccount')).toMatchObject({
      metadata: { annotations: { 'eks.amazonaws.com/role-arn': role } },
    });
  });

  test('adds to lists and maps of the Deployment, and replaces none of them', async () => {
    const [before] = (await rendered()).filter(({ kind }) => kind === 'Deployment');
    const file = join(CHART, 'examples/shared-nodes.yaml');
    const objects = await rendered('--values', file);
    const of = (wanted: string) => deployment.parse(objects.find(({ kind }) => kind === wanted));
    const { template } = of('Deployment').spec;
    const { template: was } = deployment.parse(before).spec;
    expect(template.metadata.annotations).toMatchObject({
      ...was.metadata.annotations,
      'checksum/environment': expect.any(String),
      'example.com/team': 'network',
    });
    expect(template.spec).toMatchObject({
      nodeSelector: { 'kubernetes.io/os': 'linux', 'example.com/pool': 'platform' },
      tolerations: [{ key: 'example.com/platform', operator: 'Exists', effect: 'NoSchedule' }],
      priorityClassName: 'system-cluster-critical',
      imagePullSecrets: [{ name: 'registry' }],
      topologySpreadConstraints: was.spec.topologySpreadConstraints,
    });
    const [container] = template.spec.containers;
    expect(container?.resources).toEqual({
      requests: { cpu: '50m', memory: '128Mi' },
      limits: { memory: '512Mi' },
    });
    expect(container?.env).toEqual([
      ...(was.spec.containers[0]?.env ?? []),
      { name: 'NO_PROXY', value: '$(KUBERNETES_SERVICE_HOST),.svc,.example.com' },
    ]);
    expect(objects.find(({ kind }) => kind === 'ConfigMap')).toMatchObject({
      data: { HTTPS_PROXY: 'http://proxy.example.com:3128' },
    });
    expect(objects.find(({ kind }) => kind === 'NetworkPolicy')).toMatchObject({
      spec: { egress: expect.arrayContaining([{ ports: [{ port: 3128 }] }]) },
    });
  });

  test('names an image by its digest, and with one replica lets nodes be drained', async () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const objects = await rendered('--set', `image.digest=${digest},replicas=1`);
    const made = deployment.parse(objects.find(({ kind }) => kind === 'Deployment'));
    expect(made.spec.template.spec.containers[0]?.image).toBe(
      `111122223333.dkr.ecr.us-east-1.amazonaws.com/multus-eni-reconciler@${digest}`,
    );
    expect(objects.map(({ kind }) => kind)).not.toContain('PodDisruptionBudget');
  });

  test('renders the same from an archive without links, as Flux packs it, and from a package, as Argo CD does', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'chart-'));
    try {
      const files = globSync('**', { cwd: CHART }).filter((file) =>
        lstatSync(join(CHART, file)).isFile(),
      );
      for (const file of files) {
        await mkdir(dirname(join(folder, 'flux', file)), { recursive: true });
        await copyFile(join(CHART, file), join(folder, 'flux', file));
      }
      await run([program('helm'), 'package', CHART, '--destination', folder]);
      const { version } = parse(await readFile(join(CHART, 'Chart.yaml'), 'utf8'));
      const expected = await renderedOf(CHART);
      expect(await renderedOf(join(folder, 'flux'))).toEqual(expected);
      expect(await renderedOf(join(folder, `multus-eni-reconciler-${version}.tgz`))).toEqual(
        expected,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('is refused without what the stack tells, by the name of what is missing', async () => {
    const refused: unknown = await run([program('helm'), 'template', 'x', CHART]).catch(
      (error) => error,
    );
    expect(refused).toBeInstanceOf(CommandFailed);
    for (const name of ['/clusterName', '/queueUrl', '/region', '/image/repository']) {
      expect(String(refused)).toContain(name);
    }
  });

  test('names the version of the image as its own', async () => {
    const chart = parse(await run([program('helm'), 'show', 'chart', CHART]));
    expect(chart).toMatchObject({ appVersion: chart.version });
  });
});
