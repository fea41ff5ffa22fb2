import { createServer } from 'node:http';
import { DescribeNetworkInterfacesCommand } from '@aws-sdk/client-ec2';
import { expect, it, onTestFinished } from 'vitest';
import { listenOnLoopback } from '../../../../sandbox/loopback.ts';
import { ec2Client } from '../../../../shared/enis/ec2-client.ts';

const describe = new DescribeNetworkInterfacesCommand({});

/** A client of an EC2 that always answers the same. */
async function clientOf(status: number, body: string) {
  const server = createServer((_, response) => response.writeHead(status).end(body));
  const { port, stop } = await listenOnLoopback(server);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const endpoint = `http://127.0.0.1:${port}`;
  const client = ec2Client({ region: 'us-east-1', endpoint, credentials, maxAttempts: 1 });
  onTestFinished(async () => {
    client.destroy();
    await stop();
  });
  return client;
}

const ENI = `<item><networkInterfaceId>eni-1</networkInterfaceId><attachment><deviceIndex>1</deviceIndex>
  <attachTime>2026-01-31T12:00:00.000Z</attachTime></attachment><tagSet/></item>`;

it.each([
  ['plain XML', ''],
  ['XML that is not plain', '<!-- a comment -->'],
])('reads an answer of %s', async (_, extra) => {
  const xml = `<R xmlns="x">${extra}<networkInterfaceSet>${ENI}</networkInterfaceSet></R>`;
  const client = await clientOf(200, xml);
  const { NetworkInterfaces } = await client.send(describe);
  expect(NetworkInterfaces).toEqual([
    {
      NetworkInterfaceId: 'eni-1',
      Attachment: { DeviceIndex: 1, AttachTime: new Date('2026-01-31T12:00:00Z') },
      TagSet: [],
    },
  ]);
});

it('reads a refusal', async () => {
  const error = '<Error><Code>RequestLimitExceeded</Code><Message>later</Message></Error>';
  const client = await clientOf(503, `<Response><Errors>${error}</Errors></Response>`);
  await expect(client.send(describe)).rejects.toMatchObject({
    name: 'RequestLimitExceeded',
    message: 'later',
  });
});

it.each([
  ['no XML', 'no XML'],
  ['half of it', '<R><networkInterfaceSet>'],
])('throws for an answer that is %s', async (_, xml) => {
  const client = await clientOf(200, xml);
  await expect(client.send(describe)).rejects.toThrow();
});
