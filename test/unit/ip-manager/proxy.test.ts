import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { DescribeNetworkInterfacesCommand } from '@aws-sdk/client-ec2';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ownPod } from '../../../ip-manager/addresses/own-pod.ts';
import { ec2Clients } from '../../../ip-manager/assign/ec2-access.ts';
import { readEnvironment } from '../../../ip-manager/environment.ts';
import { CREDENTIALS } from '../../../sandbox/aws.ts';
import { startWorld } from '../../../sandbox/world.ts';
import { systemClock } from '../../../shared/time/clock.ts';
import { startProxy, startTlsFront } from '../../support/proxy.ts';
import { POD, startApiServer } from './api-server.ts';

test('ip-manager reaches the API server through the proxy that it is told', async () => {
  const server = await startApiServer();
  const proxy = await startProxy();
  const through = async (env: Record<string, string>) => {
    const environment = readEnvironment({ ...server.env, ...env });
    const pod = await ownPod(environment, { hostname: POD.name, clock: systemClock });
    return pod.read(AbortSignal.timeout(10_000));
  };
  expect(await through({ HTTPS_PROXY: proxy.url })).toMatchObject({ name: POD.name });
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = server.env;
  expect(proxy.tunnels()).toEqual([`${host}:${port}`]);

  await through({ HTTPS_PROXY: proxy.url, NO_PROXY: String(host) });
  await through({});
  expect(proxy.tunnels()).toHaveLength(1);
});

test('and so it reaches EC2', async () => {
  const world = await startWorld();
  onTestFinished(() => world.stop());
  const front = await startTlsFront(world.ec2.endpoint);
  const trusted = getCACertificates('default');
  setDefaultCACertificates([...trusted, front.ca]);
  onTestFinished(() => setDefaultCACertificates(trusted));
  const proxy = await startProxy();
  vi.stubEnv('AWS_ENDPOINT_URL_EC2', front.endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', CREDENTIALS.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', CREDENTIALS.secretAccessKey);
  const clients = ec2Clients('us-east-1', systemClock, { proxy: { HTTPS_PROXY: proxy.url } });
  await clients.client.send(new DescribeNetworkInterfacesCommand({}));
  await clients.once.send(new DescribeNetworkInterfacesCommand({}));
  const { host } = new URL(front.endpoint);
  expect(new Set(proxy.tunnels())).toEqual(new Set([host]));
});
