import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { expect, test } from 'vitest';
import { virtualClock } from '../../../../sandbox/clock.ts';
import { type Account, createAccount } from '../../../../sandbox/eks/account.ts';
import { reviewToken } from '../../../../sandbox/eks/token-review.ts';
import {
  type AwsCredentials,
  eksToken,
  stsHostOf,
  tokenSource,
} from '../../../../shared/cluster/token.ts';

const ROLE = 'arn:aws:iam::111122223333:role/reconcile';
const KEY: AwsCredentials = {
  accessKeyId: 'ASIAEXAMPLE',
  secretAccessKey: 'secret/of+the=session',
  sessionToken: 'FwoGZXIvYXdzE+/=token',
};
const MINUTE = 60_000;

function account(region = 'us-east-1'): Account {
  const made = createAccount('111122223333', region);
  made.addCredentials({ ...KEY, roleArn: ROLE });
  for (const cluster of ['demo', 'other']) {
    made.addAccessEntry(cluster, ROLE, 'reconcile', ['multus-eni-reconciler']);
  }
  return made;
}

const USER = { username: 'reconcile', groups: ['multus-eni-reconciler'] };

function tokenFor(options: { cluster?: string; region?: string; key?: AwsCredentials } = {}) {
  const { cluster = 'demo', region = 'us-east-1', key = KEY } = options;
  return eksToken({ cluster, region, credentials: async () => key, clock: virtualClock() });
}

function urlIn(token: string): URL {
  return new URL(Buffer.from(token.replace('k8s-aws-v1.', ''), 'base64url').toString());
}

function tokenOf(url: URL): string {
  return `k8s-aws-v1.${Buffer.from(url.href).toString('base64url')}`;
}

function review(token: string, { cluster = 'demo', clock = virtualClock() } = {}) {
  return reviewToken({ account: account(), clock }, cluster, token);
}

test.each([
  ['us-east-1', 'sts.us-east-1.amazonaws.com'],
  ['ap-southeast-7', 'sts.ap-southeast-7.amazonaws.com'],
  ['eu-somewhere-9', 'sts.eu-somewhere-9.amazonaws.com'],
  ['cn-north-1', 'sts.cn-north-1.amazonaws.com.cn'],
  ['us-gov-west-1', 'sts.us-gov-west-1.amazonaws.com'],
  ['us-iso-east-1', 'sts.us-iso-east-1.c2s.ic.gov'],
  ['us-isob-east-1', 'sts.us-isob-east-1.sc2s.sgov.gov'],
  ['eu-isoe-west-1', 'sts.eu-isoe-west-1.cloud.adc-e.uk'],
  ['us-isof-south-1', 'sts.us-isof-south-1.csp.hci.ic.gov'],
  ['eusc-de-east-1', 'sts.eusc-de-east-1.amazonaws.eu'],
])('a token of %s is for that region’s own STS, and is accepted there', async (region, host) => {
  const { token } = await tokenFor({ region });
  expect(stsHostOf(region)).toBe(host);
  expect(urlIn(token).host).toBe(host);
  expect(reviewToken({ account: account(region), clock: virtualClock() }, 'demo', token)).toEqual(
    USER,
  );
});

test('a token that was signed for the sandbox’s own STS is accepted there, and nowhere else', async () => {
  const ownSts = 'http://127.0.0.1:4566';
  const signer = new SignatureV4({
    service: 'sts',
    region: 'us-east-1',
    credentials: KEY,
    sha256: Sha256,
  });
  const { query = {} } = await signer.presign(
    {
      method: 'GET',
      protocol: 'http:',
      hostname: '127.0.0.1:4566',
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host: '127.0.0.1:4566', 'x-k8s-aws-id': 'demo' },
    },
    { signingDate: new Date(virtualClock().now()), expiresIn: 60 },
  );
  const url = new URL(ownSts);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  const options = { account: account(), clock: virtualClock() };
  expect(reviewToken({ ...options, ownSts }, 'demo', tokenOf(url))).toEqual(USER);
  expect(reviewToken(options, 'demo', tokenOf(url))).toEqual({ error: 'http: is not https:' });
});

test('a token is base64url without padding of a presigned GetCallerIdentity', async () => {
  const { token } = await tokenFor();
  expect(token).toMatch(/^k8s-aws-v1\.[A-Za-z0-9_-]+$/);
  expect(Object.fromEntries(urlIn(token).searchParams)).toMatchObject({
    Action: 'GetCallerIdentity',
    Version: '2011-06-15',
    'X-Amz-Expires': '60',
    'X-Amz-SignedHeaders': 'host;x-k8s-aws-id',
    'X-Amz-Credential': 'ASIAEXAMPLE/20260101/us-east-1/sts/aws4_request',
  });
});

test('a token made with a key that has no session is accepted', async () => {
  const key = { accessKeyId: KEY.accessKeyId, secretAccessKey: KEY.secretAccessKey };
  expect(review((await tokenFor({ key })).token)).toEqual(USER);
});

test('a token is accepted until 15 minutes are over, which it says', async () => {
  const { token, expiresAt } = await tokenFor();
  const clock = virtualClock();
  clock.advance(15 * MINUTE - 1);
  expect(review(token, { clock })).toEqual(USER);
  clock.advance(1);
  expect(clock.now()).toBe(expiresAt);
  expect(review(token, { clock })).toEqual({ error: expect.stringContaining('expired') });
});

test('a token for another cluster is refused', async () => {
  const { token } = await tokenFor({ cluster: 'other' });
  expect(review(token, { cluster: 'other' })).toEqual(USER);
  expect(review(token)).toEqual({ error: expect.stringContaining('signature') });
});

test('a token that another secret signed is refused', async () => {
  const { token } = await tokenFor({ key: { ...KEY, secretAccessKey: 'guessed' } });
  expect(review(token)).toEqual({ error: expect.stringContaining('signature') });
});

test('a token of a role without an access entry is refused by the role’s name', async () => {
  const { token } = await tokenFor({ cluster: 'third' });
  expect(review(token, { cluster: 'third' })).toEqual({ error: expect.stringContaining(ROLE) });
});

test.each<[string, (url: URL) => void, string]>([
  ['a longer life', (url) => url.searchParams.set('X-Amz-Expires', '900'), 'signature'],
  ['a later date', (url) => url.searchParams.set('X-Amz-Date', '20260101T001000Z'), 'signature'],
  ['a session', (url) => url.searchParams.delete('X-Amz-Security-Token'), 'signature'],
  ['a header left out', (url) => url.searchParams.set('X-Amz-SignedHeaders', 'host'), 'signed'],
  ['an action', (url) => url.searchParams.set('Action', 'AssumeRole'), 'action'],
  ['a parameter more', (url) => url.searchParams.set('Prefix', 'x'), 'Prefix'],
  ['a parameter twice', (url) => url.searchParams.append('Action', 'AssumeRole'), 'twice'],
  [
    'a path',
    (url) => {
      url.pathname = '/other';
    },
    'path',
  ],
  [
    'plain HTTP',
    (url) => {
      url.protocol = 'http:';
    },
    'https:',
  ],
  [
    'another host',
    (url) => {
      url.host = 'sts.us-west-2.amazonaws.com';
    },
    'not the STS',
  ],
  [
    'a lookalike host',
    (url) => {
      url.host = 'sts.us-east-1.amazonaws.com.evil';
    },
    'not the STS',
  ],
  [
    'a key',
    (url) => url.searchParams.set('X-Amz-Credential', 'AKIA/a/us-east-1/sts/aws4_request'),
    'unknown',
  ],
])('a token that was tampered with is refused: %s', async (_, tamper, why) => {
  const url = urlIn((await tokenFor()).token);
  tamper(url);
  expect(review(tokenOf(url))).toEqual({ error: expect.stringContaining(why) });
});

test.each(['', 'k8s-aws-v1.', 'k8s-aws-v1.!!!', 'k8s-aws-v2.aHR0cHM6Ly8', 'Bearer x'])(
  'what is no token is refused: %j',
  (token) => {
    expect(review(token)).toEqual({ error: expect.any(String) });
  },
);

test('a token is kept until a minute before its end', async () => {
  const clock = virtualClock();
  const source = tokenSource({
    cluster: 'demo',
    region: 'us-east-1',
    credentials: async () => KEY,
    clock,
  });
  const first = await source.token();
  clock.advance(14 * MINUTE - 1);
  expect(await source.token()).toBe(first);
  clock.advance(1);
  const second = await source.token();
  expect(second).not.toBe(first);
  expect(review(second, { clock })).toEqual(USER);
});

test('a token ends with the session that signed it', async () => {
  const clock = virtualClock();
  const key = { ...KEY, expiration: new Date(clock.now() + 5 * MINUTE) };
  const source = tokenSource({
    cluster: 'demo',
    region: 'us-east-1',
    credentials: async () => key,
    clock,
  });
  const first = await source.token();
  clock.advance(4 * MINUTE);
  expect(await source.token()).not.toBe(first);
});

test('callers at the same time share one token, and a refused one is made anew', async () => {
  const clock = virtualClock();
  let asked = 0;
  const source = tokenSource({
    cluster: 'demo',
    region: 'us-east-1',
    credentials: async () => {
      asked += 1;
      return KEY;
    },
    clock,
  });
  const [a, b] = await Promise.all([source.token(), source.token()]);
  expect(a).toBe(b);
  expect(asked).toBe(1);
  source.renew();
  await source.token();
  expect(asked).toBe(2);
});

test('credentials that could not be had are asked for again by the next caller', async () => {
  let fail = true;
  const source = tokenSource({
    cluster: 'demo',
    region: 'us-east-1',
    credentials: async () => {
      if (fail) throw new Error('no credentials');
      return KEY;
    },
    clock: virtualClock(),
  });
  await expect(source.token()).rejects.toThrow('no credentials');
  fail = false;
  expect(review(await source.token())).toEqual(USER);
});
