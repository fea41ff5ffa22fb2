import { EC2Client } from '@aws-sdk/client-ec2';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type HttpRequest, HttpResponse } from '@smithy/core/protocols';
import { CREDENTIALS } from '../../sandbox/aws.ts';
import type { Ec2 } from '../../sandbox/ec2/engine.ts';

/** They try once: what the product does about a failure is to be seen. */
const COMMON = {
  region: 'us-east-1',
  credentials: CREDENTIALS,
  maxAttempts: 1,
};

/** A client of the EC2 at `endpoint`. */
export function ec2Client(endpoint: string, region = COMMON.region): EC2Client {
  return new EC2Client({ ...COMMON, endpoint, region });
}

/** A client of EC2 with the sandbox's in the place of the network. */
export function ec2ClientInProcess(ec2: Pick<Ec2, 'handle'>, maxAttempts = 1): EC2Client {
  return new EC2Client({
    ...COMMON,
    maxAttempts,
    requestHandler: {
      async handle(request: HttpRequest) {
        const { status, body } = await ec2.handle(new URLSearchParams(String(request.body)));
        const headers = { 'content-type': 'text/xml;charset=UTF-8' };
        const answer = { statusCode: status, headers, body: Buffer.from(body) };
        return { response: new HttpResponse(answer) };
      },
    },
  });
}

/** A client of the SQS at `endpoint`. */
export function sqsClient(endpoint: string, maxAttempts = COMMON.maxAttempts): SQSClient {
  return new SQSClient({ ...COMMON, endpoint, maxAttempts });
}
