import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { readConfig } from '../../../forwarder/config.ts';
import { clusterIn, overlay } from '../../../scripts/overlay.ts';
import { templateOf } from './service.ts';

/** The outputs of a stack, with what CloudFormation computes made up. */
function outputsOf(stage: string): ReadonlyMap<string, string> {
  const { Outputs } = templateOf(stage);
  const join = z.object({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) });
  const computed = (part: unknown): string => {
    if (typeof part === 'string') return part;
    const text = JSON.stringify(part);
    if (text.includes('AWS::Region')) return 'eu-central-1';
    return text.includes('Role') ? 'arn:aws:iam::1:role/fwd' : 'https://sqs.eu-central-1/1/q.fifo';
  };
  return new Map(
    Object.entries(Outputs).flatMap(([key, { Value }]) => {
      const joined = join.safeParse(Value);
      return joined.success ? [[key, joined.data['Fn::Join'][1].map(computed).join('')]] : [];
    }),
  );
}

const kustomization = z.object({
  kind: z.literal('Kustomization'),
  namespace: z.string().optional(),
  resources: z.array(z.string()),
  patches: z.array(
    z.object({
      patch: z.string().transform((text) =>
        z
          .object({
            kind: z.string(),
            metadata: z.object({
              name: z.string(),
              annotations: z.record(z.string(), z.string()).optional(),
            }),
            data: z.record(z.string(), z.string()).optional(),
          })
          .parse(parse(text)),
      ),
    }),
  ),
});

function overlayOf(clusters: string, cluster: string) {
  const outputs = outputsOf(`region: eu-central-1\nclusters: ${clusters}\n`);
  const { patches, ...rest } = kustomization.parse(parse(overlay(clusterIn(outputs, cluster))));
  return { ...rest, patches: patches.map(({ patch }) => patch) };
}

describe('the overlay of a cluster', () => {
  test('tells the forwarder what it needs, and the role is left to Pod Identity', () => {
    const { patches, ...rest } = overlayOf('[{ name: demo }]', 'demo');
    expect(rest).toEqual({ kind: 'Kustomization', resources: ['../../base'] });
    expect(patches.map(({ kind, metadata }) => [kind, metadata.name])).toEqual([
      ['ConfigMap', 'multus-eni-forwarder-environment'],
    ]);
    const pod = { POD_NAME: 'a', POD_NAMESPACE: 'b' };
    expect(readConfig({ ...patches[0]?.data, ...pod })).toMatchObject({
      cluster: 'demo',
      queueUrl: 'https://sqs.eu-central-1/1/q.fifo',
      region: 'eu-central-1',
    });
  });

  test('with IRSA has the role on the service account', () => {
    const irsa = '{ identity: irsa, oidcProvider: oidc.eks.eu-central-1.amazonaws.com/id/A }';
    const { patches } = overlayOf(`[{ name: old-one, forwarder: ${irsa} }]`, 'old-one');
    expect(patches[1]).toMatchObject({
      kind: 'ServiceAccount',
      metadata: {
        name: 'multus-eni-forwarder',
        annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/fwd' },
      },
    });
  });

  test('follows the configured namespace', () => {
    const clusters = '[{ name: demo, forwarder: { namespace: networking } }]';
    expect(overlayOf(clusters, 'demo').namespace).toBe('networking');
  });

  test.each([
    ['10.dkr.ecr/fwd:1.2', { newName: '10.dkr.ecr/fwd', newTag: '1.2' }],
    ['localhost:5000/fwd', { newName: 'localhost:5000/fwd' }],
    ['r:5000/fwd@sha256:ab', { newName: 'r:5000/fwd', digest: 'sha256:ab' }],
  ])('has the image %s', (image, entry) => {
    const outputs = outputsOf('region: eu-central-1\nclusters: [{ name: demo }]\n');
    expect(parse(overlay(clusterIn(outputs, 'demo'), image))).toMatchObject({
      images: [{ name: 'multus-eni-reconciler', ...entry }],
    });
  });

  test('of a cluster that the stack does not serve is refused with those that it does', () => {
    expect(() => overlayOf('[{ name: a }, { name: b-c }]', 'd')).toThrow(
      'the stack serves no cluster d, but a, b-c',
    );
  });

  test('renames the service account if the configuration names another', () => {
    const clusters = '[{ name: demo, forwarder: { serviceAccount: other } }]';
    const text = overlay(
      clusterIn(outputsOf(`region: eu-central-1\nclusters: ${clusters}\n`), 'demo'),
    );
    expect(parse(text).patches.at(-1)).toEqual({
      target: { kind: 'ServiceAccount', name: 'multus-eni-forwarder' },
      options: { allowNameChange: true },
      patch: '- op: replace\n  path: /metadata/name\n  value: other\n',
    });
  });
});
