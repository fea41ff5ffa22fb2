import {
  EKSClient as Client,
  type Cluster,
  type EKSClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-eks';
import { SSMClient } from '@aws-sdk/client-ssm';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseStage } from '../../../config/read.ts';
import { startWorld } from '../../../sandbox/world.ts';
import { checkClusters, checkOwners } from '../../../scripts/preflight.ts';
import { ownerName } from '../../../shared/control.ts';

function stage(cluster: string) {
  return parseStage(
    `region: us-east-1\nvpc: { subnetIds: [subnet-1], securityGroupIds: [sg-1] }\nclusters: [${cluster}]\n`,
    'config/prod.yml',
  );
}

test('clusters that EKS knows are fine; one that it does not is named with its region', async () => {
  const world = await startWorld();
  onTestFinished(() => world.stop());
  const eks = new Client({
    region: 'us-east-1',
    endpoint: world.eks.endpoint,
    credentials: {
      accessKeyId: world.environment.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: world.environment.AWS_SECRET_ACCESS_KEY ?? '',
    },
  });
  expect(await checkClusters(eks, stage('{ name: demo }'))).toEqual([]);
  const without = (forwarder: string) =>
    checkClusters(eks, stage(`{ name: bare, forwarder: { ${forwarder} } }`));
  world.eks.addCluster({ name: 'bare', addons: [] });
  expect(await without('')).toEqual([
    expect.stringMatching(
      /^cluster bare in us-east-1 has no add-on eks-pod-identity-agent, .*: add it/,
    ),
  ]);
  expect(await without('ownPodIdentityAgent: true')).toEqual([]);
  expect(await without(IRSA_KEYS)).toEqual([]);
  expect(await checkClusters(eks, stage('{ name: demo }, { name: gone }'))).toEqual([
    'cluster gone in us-east-1 does not exist: check its name and the region in the configuration',
  ]);
});

/** EKS as far as it is asked, with answers that the sandbox's account does not give. */
function eksThat(answer: () => Cluster): Pick<EKSClient, 'send'> {
  const client = new Client({ region: 'us-east-1' });
  client.middlewareStack.add(
    () => async () => ({ output: { $metadata: {}, cluster: answer() }, response: {} }),
    { step: 'initialize' },
  );
  return client;
}

const ISSUER = 'oidc.eks.us-east-1.amazonaws.com/id/A';
const IRSA_KEYS = `identity: irsa, oidcProvider: ${ISSUER}`;
const IRSA = `forwarder: { ${IRSA_KEYS} }`;

test.each<[string, Cluster, string]>([
  ['{ name: a }', { status: 'CREATING' }, 'is CREATING: wait until it is ACTIVE'],
  [
    '{ name: a }',
    { status: 'ACTIVE', accessConfig: { authenticationMode: 'CONFIG_MAP' } },
    'knows no access entries, only the aws-auth ConfigMap: set access: aws-auth',
  ],
  [
    '{ name: a, access: aws-auth }',
    { status: 'ACTIVE', accessConfig: { authenticationMode: 'API' } },
    'does not look at aws-auth: set access: access-entry',
  ],
  [
    '{ name: a }',
    { status: 'ACTIVE', resourcesVpcConfig: { endpointPublicAccess: false } },
    'has a private endpoint only: set privateEndpoint: true, and vpc',
  ],
  [
    '{ name: a, privateEndpoint: true }',
    { status: 'ACTIVE', resourcesVpcConfig: { endpointPrivateAccess: false } },
    'has no private endpoint: switch it on',
  ],
  [
    `{ name: a, ${IRSA} }`,
    { status: 'ACTIVE', identity: { oidc: { issuer: 'https://oidc.example/id/B' } } },
    'has the OIDC provider oidc.example/id/B',
  ],
])('a cluster %s that is %j: %s', async (settings, cluster, problem) => {
  const problems = await checkClusters(
    eksThat(() => cluster),
    stage(settings),
  );
  expect(problems).toEqual([expect.stringContaining(`cluster a in us-east-1 ${problem}`)]);
});

test.each([
  [
    `{ name: a, ${IRSA} }`,
    { status: 'ACTIVE', identity: { oidc: { issuer: `https://${ISSUER}` } } },
  ],
  [
    '{ name: a, access: aws-auth, privateEndpoint: true }',
    {
      status: 'UPDATING',
      accessConfig: { authenticationMode: 'API_AND_CONFIG_MAP' },
      resourcesVpcConfig: { endpointPublicAccess: false },
    },
  ],
] satisfies [string, Cluster][])('a cluster %s that is %j is fine', async (settings, cluster) => {
  expect(
    await checkClusters(
      eksThat(() => cluster),
      stage(settings),
    ),
  ).toEqual([]);
});

test.each([
  [new ResourceNotFoundException({ $metadata: {}, message: 'no' }), /does not exist/],
  [Object.assign(new Error('no'), { name: 'AccessDeniedException' }), /needs eks:DescribeCluster/],
  [new Error('getaddrinfo ENOTFOUND eks.x'), /ENOTFOUND eks\.x\. Is the region right\?/],
])('%s is told in the stage’s words', async (error, text) => {
  const eks = eksThat(() => {
    throw error;
  });
  const [problem] = await checkClusters(eks, stage('{ name: a }'));
  expect(problem).toMatch(text);
});

describe('a public endpoint that lets in some addresses only', () => {
  const resourcesVpcConfig = { endpointPublicAccess: true, publicAccessCidrs: ['203.0.113.0/24'] };
  const ofAnyVpc = (cidrs: string[], text: string) =>
    checkClusters(
      eksThat(() => ({
        status: 'ACTIVE',
        resourcesVpcConfig: { ...resourcesVpcConfig, publicAccessCidrs: cidrs },
      })),
      parseStage(`region: us-east-1\nclusters: [{ name: a }]\n${text}`, 'config/prod.yml'),
    );

  test('shuts functions out that are in no VPC', async () => {
    expect(await ofAnyVpc(['203.0.113.0/24'], '')).toEqual([
      'cluster a in us-east-1 lets 203.0.113.0/24 in only, and functions outside of a VPC have no ' +
        'addresses of their own: set vpc, and privateEndpoint: true or a NAT gateway that is let in',
    ]);
  });

  test('is fine if everybody is let in, or if the functions are in a VPC', async () => {
    expect(await ofAnyVpc(['10.0.0.0/8', '0.0.0.0/0'], '')).toEqual([]);
    const vpc = 'vpc: { subnetIds: [subnet-1], securityGroupIds: [sg-1] }';
    expect(await ofAnyVpc(['203.0.113.0/24'], vpc)).toEqual([]);
  });
});

test('a cluster that another stage serves is not deployed for a second one', async () => {
  const world = await startWorld();
  onTestFinished(() => world.stop());
  const ssm = new SSMClient({
    region: 'us-east-1',
    endpoint: world.ssm.endpoint,
    credentials: {
      accessKeyId: world.environment.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: world.environment.AWS_SECRET_ACCESS_KEY ?? '',
    },
  });
  world.ssm.putParameter(ownerName('a'), 'test');
  world.ssm.putParameter(ownerName('b'), 'prod');
  const clusters = stage('{ name: a }, { name: b }, { name: c }');
  expect(await checkOwners(ssm, 'prod', clusters)).toEqual([
    expect.stringMatching(/^cluster a is served by the stage test, .*: take it out of one/),
  ]);
  await world.ssm.stop();
  expect(await checkOwners(ssm, 'prod', clusters)).toEqual([
    expect.stringContaining('needs ssm:GetParameters'),
  ]);
});
