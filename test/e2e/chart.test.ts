import { join } from 'node:path';
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

async function rendered(...more: readonly string[]): Promise<KubernetesObject[]> {
  const namespace = ['--namespace', 'multus-eni-reconciler'];
  const text = await run([
    program('helm'),
    'template',
    'x',
    CHART,
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
        const { labels, annotations, ...metadata } = each.metadata;
        return [`${each.kind} ${metadata.name}`, { ...each, metadata }];
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

  test('restarts the forwarder where its environment changes', async () => {
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

  test('is refused without what the stack tells, by the name of what is missing', async () => {
    const refused: unknown = await run([program('helm'), 'template', 'x', CHART]).catch(
      (error) => error,
    );
    expect(refused).toBeInstanceOf(CommandFailed);
    for (const name of ['/clusterName', '/queueUrl', '/region']) {
      expect(String(refused)).toContain(name);
    }
  });

  test('names the version of the image as its own', async () => {
    const chart = parse(await run([program('helm'), 'show', 'chart', CHART]));
    expect(chart).toMatchObject({ appVersion: chart.version });
  });
});
