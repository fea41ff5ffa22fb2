import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { IMAGE } from '../../../scripts/image/description.ts';
import { DEPLOY, objectsIn } from './manifests.ts';

const NETWORKS = 'k8s.v1.cni.cncf.io/networks';
const REGISTRY = 'xxxxxxxxx.dkr.ecr.us-east-1.amazonaws.com';

const pod = z.object({
  metadata: z.object({ name: z.string(), annotations: z.record(z.string(), z.string()) }),
  spec: z.looseObject({
    containers: z.array(z.unknown()),
    initContainers: z
      .array(z.looseObject({ image: z.string(), args: z.array(z.string()).optional() }))
      .optional(),
  }),
});

function sample(name: string): z.infer<typeof pod> {
  const [only] = objectsIn(`samples/${name}.yaml`);
  return pod.parse(only);
}

describe.each([
  ['sampleapp', 'ipvlan-conf-1'],
  ['sampleapp-dual', 'ipvlan-conf-1, ipvlan-conf-2'],
])('the sample %s', (name, networks) => {
  const plain = sample(name);

  test('is on the networks of the samples, and asks for nothing else', () => {
    expect(plain.metadata).toEqual({ name, annotations: { [NETWORKS]: networks } });
    expect(Object.keys(plain.spec)).toEqual(['containers']);
    for (const network of networks.split(', ')) {
      expect(objectsIn(`samples/${network}.yaml`)).toMatchObject([
        { kind: 'NetworkAttachmentDefinition', metadata: { name: network } },
      ]);
    }
  });

  test('has, in the guide’s form, the init container besides, with this project’s image', () => {
    const { metadata, spec } = sample(`${name}-init`);
    expect(metadata).toEqual(plain.metadata);
    expect(spec).toEqual({
      ...plain.spec,
      initContainers: [
        {
          name: 'aws-ip-mgmt',
          image: expect.stringMatching(new RegExp(`^${REGISTRY}/${IMAGE.name}:`)),
          imagePullPolicy: 'IfNotPresent',
          args: ['/bin/sh', '-c', '/app/script.sh initContainers'],
        },
      ],
    });
  });

  test('waits, in the form that needs no permission in AWS, before its application starts', () => {
    const { metadata, spec } = sample(`${name}-wait`);
    expect(metadata).toEqual(plain.metadata);
    expect(spec.containers).toEqual(plain.spec.containers);
    expect(spec.initContainers).toMatchObject([
      {
        image: expect.stringMatching(new RegExp(`^${REGISTRY}/${IMAGE.name}:`)),
        args: ['/bin/sh', '-c', '/app/script.sh wait'],
      },
    ]);
  });
});

test('the samples’ image has what their commands and the walkthrough call', () => {
  const dockerfile = readFileSync(join(DEPLOY, 'samples/Dockerfile'), 'utf8');
  for (const wanted of ['iproute2', 'iputils-ping', 'net-tools']) {
    expect(dockerfile).toContain(wanted);
  }
});
