import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { apiServer, PODS, podOf } from './api-server.ts';

const type = 'application/vnd.kubernetes.protobuf';
const NAMESPACES = '/api/v1/namespaces';

/** A field of a message: a number, or a text or message with its length. */
function field(number: number, value: number | string | Buffer): Buffer {
  if (typeof value === 'number') return Buffer.from([number << 3, value]);
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

/** An object in the envelope that clients of Kubernetes put around it. */
function envelope(kind: string, ...fields: readonly Buffer[]): Buffer {
  const typeMeta = Buffer.concat([field(1, 'v1'), field(2, kind)]);
  const raw = Buffer.concat(fields);
  const empty = [field(3, ''), field(4, '')];
  return Buffer.concat([Buffer.from('k8s\0'), field(1, typeMeta), field(2, raw), ...empty]);
}

test('a Namespace is created from protobuf, as kubectl sends it', async () => {
  const api = await apiServer();
  const name = `rule-${randomUUID()}`;
  onTestFinished(async () => void (await api.send('DELETE', `${NAMESPACES}/${name}`)));
  const label = Buffer.concat([field(1, 'team'), field(2, 'a')]);
  // Fields that are not set are sent, too: a namespace, a generation, times, a phase.
  const unset = [field(3, ''), field(7, 0), field(8, '')];
  const metadata = Buffer.concat([field(1, name), ...unset, field(11, label)]);
  const body = envelope('Namespace', field(1, metadata), field(2, ''), field(3, field(1, '')));
  const { status, body: made } = await api.send('POST', NAMESPACES, { body, type });
  expect(status).toBe(201);
  expect(made.metadata).toMatchObject({ name, labels: { team: 'a' } });
});

test('a pod is deleted by options in protobuf, as kubectl drain sends them', async () => {
  const api = await apiServer();
  const path = await api.make(PODS, podOf('nowhere'));
  const { uid } = (await api.send('GET', path)).body.metadata ?? {};
  const options = (graceSeconds: number, precondition: string, ...more: Buffer[]) => ({
    body: envelope(
      'DeleteOptions',
      field(1, graceSeconds),
      field(2, field(1, precondition)),
      ...more,
    ),
    type,
  });
  const all = field(5, 'All');
  expect((await api.send('DELETE', path, options(9, 'another'))).status).toBe(409);
  const dry = await api.send('DELETE', path, options(9, String(uid), all));
  expect(dry.body.metadata).toMatchObject({ deletionGracePeriodSeconds: 9 });
  expect((await api.send('GET', path)).body.metadata).not.toHaveProperty('deletionTimestamp');
  await api.send('DELETE', path, options(9, String(uid)));
  expect((await api.send('GET', path)).body.metadata).toMatchObject({
    deletionGracePeriodSeconds: 9,
  });
});

test('what does not begin as protobuf of Kubernetes does is refused', async () => {
  const api = await apiServer();
  const refused = await api.send('POST', NAMESPACES, { body: '{}', type });
  expect(refused.status).toBe(400);
});
