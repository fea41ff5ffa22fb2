import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { eksToken } from '../../shared/cluster/token.ts';
import { systemClock } from '../../shared/time/clock.ts';
import { startMoto } from './moto.ts';
import { pythonTools } from './python-tools.ts';

test('the URL in an EKS token is one that an STS answers with who the caller is', async () => {
  const moto = await startMoto((await pythonTools())('moto_server'));
  onTestFinished(() => moto.stop());
  const { token } = await eksToken({
    cluster: 'demo',
    region: 'us-east-1',
    credentials: async () => ({ accessKeyId: 'test', secretAccessKey: 'test' }),
    clock: systemClock,
  });
  const presigned = new URL(
    Buffer.from(token.replace(/^k8s-aws-v1\./, ''), 'base64url').toString(),
  );

  // moto finds the service in this header only. The signature is checked by the sandbox.
  const credential = presigned.searchParams.get('X-Amz-Credential');
  const headers = {
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}`,
    'x-k8s-aws-id': 'demo',
  };
  const asked = request(new URL(presigned.pathname + presigned.search, moto.endpoint), { headers });
  asked.end();
  const [answer] = await once(asked, 'response');
  expect(await text(answer satisfies IncomingMessage)).toMatch(
    /<GetCallerIdentityResult>.*<Arn>arn:aws:sts::123456789012:user\/moto<\/Arn>/s,
  );
});
