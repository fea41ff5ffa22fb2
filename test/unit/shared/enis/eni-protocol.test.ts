import {
  DescribeNetworkInterfacesCommand,
  type DescribeNetworkInterfacesResult,
  DescribeSubnetsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { HttpResponse } from '@smithy/core/protocols';
import { describe, expect, it } from 'vitest';
import { DEFAULT_MANAGED_TAG } from '../../../../shared/enis/ec2.ts';
import { EniProtocol } from '../../../../shared/enis/eni-protocol.ts';
import { eniInventory } from '../../../../shared/enis/inventory.ts';
import { startSandboxEc2 } from '../../../support/sandbox-ec2.ts';
import { TAGS } from '../apply/bed.ts';

const PROTOCOLS = { theSdk: {}, ours: { protocol: EniProtocol } };

/** A client whose every call is answered by this XML. */
function clientOf(xml: string, reads: keyof typeof PROTOCOLS, statusCode = 200): EC2Client {
  return new EC2Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
    ...PROTOCOLS[reads],
    requestHandler: {
      async handle() {
        const answer = { statusCode, headers: {}, body: Buffer.from(xml) };
        return { response: new HttpResponse(answer) };
      },
    },
  });
}

function describedBy(
  xml: string,
  reads: keyof typeof PROTOCOLS,
): Promise<DescribeNetworkInterfacesResult> {
  return clientOf(xml, reads).send(new DescribeNetworkInterfacesCommand({}));
}

async function enisOf(xml: string, reads: keyof typeof PROTOCOLS) {
  const inventory = eniInventory(clientOf(xml, reads), DEFAULT_MANAGED_TAG);
  const enis = await inventory.ofInstances(['i-0']);
  return enis.map((eni) => ({ ...eni, attachment: inventory.newestAttachment(eni.id) }));
}

/** What the strict EC2 answers of ENIs with all that an ENI may have. */
async function answer(action: string): Promise<string> {
  const { ec2 } = await startSandboxEc2();
  const subnetId = ec2.addSubnet({ cidr: '172.16.1.0/24', ipv6Cidrs: ['2001:db8:0:1::/64'] });
  const primary = { deviceIndex: 0, subnetId, tags: { Name: 'Zürich <&> "1"' } };
  const multus = {
    deviceIndex: 1,
    subnetId,
    tags: TAGS,
    primary: '172.16.1.10',
    secondary: ['172.16.1.70', '172.16.1.71'],
    ipv6: ['2001:db8:0:1::10', '2001:db8:0:1::70'],
    primaryIpv6: '2001:db8:0:1::10',
  };
  const { enis } = ec2.addInstance({ type: 'm5.large', enis: [primary, multus] });
  ec2.addPrefix(enis[1]?.id ?? '', '172.16.1.96/28');
  const { body } = await ec2.handle(new URLSearchParams({ Action: action, Version: '2016-11-15' }));
  return body;
}

describe('an answer of DescribeNetworkInterfaces', () => {
  it('is read as the SDK reads it', async () => {
    const xml = await answer('DescribeNetworkInterfaces');
    const enis = await enisOf(xml, 'ours');
    expect(enis.map(({ deviceIndex }) => deviceIndex).sort()).toEqual([0, 1]);
    expect(enis).toEqual(await enisOf(xml, 'theSdk'));
    const { NetworkInterfaces: ours } = await describedBy(xml, 'ours');
    const { NetworkInterfaces: theirs } = await describedBy(xml, 'theSdk');
    expect(theirs).toMatchObject(ours ?? []);
  });

  it('has none of the members that nobody looks at', async () => {
    const xml = await answer('DescribeNetworkInterfaces');
    const [theirs] = (await describedBy(xml, 'theSdk')).NetworkInterfaces ?? [];
    expect(theirs).toHaveProperty('OwnerId');
    for (const eni of (await describedBy(xml, 'ours')).NetworkInterfaces ?? []) {
      expect(eni).not.toHaveProperty('OwnerId');
    }
  });

  it('has the rest of what the SDK tells of an answer', async () => {
    const xml = (await answer('DescribeNetworkInterfaces')).replace(
      '</requestId>',
      '</requestId><nextToken>next&amp;1</nextToken>',
    );
    const ours = await describedBy(xml, 'ours');
    const theirs = await describedBy(xml, 'theSdk');
    expect(ours.NextToken).toBe('next&1');
    expect({ ...ours, NetworkInterfaces: theirs.NetworkInterfaces }).toEqual(theirs);
  });

  it.each([
    ['lists that are empty elements', (xml: string) => xml.replace(/<(\w+)><\/\1>/g, '<$1/>')],
    ['lines and indents', (xml: string) => xml.replace(/></g, '>\n  <')],
    ['elements that are new', (xml: string) => xml.replace(/<item>/g, '<item><new><item/></new>')],
    ['a comment', (xml: string) => xml.replace('<item>', '<!-- <item> --><item>')],
    ['an attribute', (xml: string) => xml.replace(/<tagSet>/g, '<tagSet of="it">')],
    ['CDATA', (xml: string) => xml.replace(/>(172[\d.]+)</g, '><![CDATA[$1]]><')],
  ])('is read as the SDK reads it, also with %s', async (_, changed) => {
    const xml = await answer('DescribeNetworkInterfaces');
    expect(changed(xml)).not.toBe(xml);
    const read = async (reads: keyof typeof PROTOCOLS) => {
      return enisOf(changed(xml), reads).catch((error: unknown) => String(error));
    };
    expect(await read('ours')).toEqual(await read('theSdk'));
  });

  it('that ends too early is refused', async () => {
    const xml = await answer('DescribeNetworkInterfaces');
    for (const length of [xml.length - 1, Math.floor(xml.length / 2), 1]) {
      await expect(describedBy(xml.slice(0, length), 'ours')).rejects.toThrow();
    }
  });

  it('that is an error, and other answers, are read by the SDK', async () => {
    const error =
      '<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>later</Message></Error></Errors></Response>';
    const sent = clientOf(error, 'ours', 503).send(new DescribeNetworkInterfacesCommand({}));
    await expect(sent).rejects.toMatchObject({ name: 'RequestLimitExceeded', message: 'later' });
    const xml = await answer('DescribeSubnets');
    const subnets = (reads: keyof typeof PROTOCOLS) =>
      clientOf(xml, reads).send(new DescribeSubnetsCommand({}));
    expect(await subnets('ours')).toEqual(await subnets('theSdk'));
  });
});
