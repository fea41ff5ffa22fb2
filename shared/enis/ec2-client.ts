import { EC2Client, type EC2ClientConfig } from '@aws-sdk/client-ec2';
import { AwsEc2QueryProtocol, XmlShapeDeserializer } from '@aws-sdk/core/protocols';
import { unlogged } from '../aws-calls.ts';
import { readPlainXml } from './plain-xml.ts';

/**
 * The SDK's client, which reads long answers in less time: of a page of 1,000 ENIs, the parsing of XML is
 * most of what a sweep takes.
 */
export function ec2Client(config: EC2ClientConfig): EC2Client {
  return unlogged(new EC2Client({ ...config, protocol: Ec2Protocol }));
}

/** EC2's protocol as the SDK speaks it, with another parser of XML. */
class Ec2Protocol extends AwsEc2QueryProtocol {
  constructor(...settings: ConstructorParameters<typeof AwsEc2QueryProtocol>) {
    super(...settings);
    this.deserializer = new PlainXmlFirst(this.deserializer.settings);
  }
}

class PlainXmlFirst extends XmlShapeDeserializer {
  protected override parseXml(xml: string): unknown {
    return readPlainXml(xml) ?? super.parseXml(xml);
  }
}
