import { describe, expect, onTestFinished, test } from 'vitest';
import { podRefusal } from '../../../functions/reconcile/tell/pod-refusal.ts';
import { startBed } from '../../support/bed.ts';
import { embeddedCluster } from '../../support/embedded.ts';
import { messageFor } from '../../support/messages.ts';
import { NET_1 } from '../../support/networks.ts';
import { eventually } from '../../support/wait.ts';
import { envelope } from './records.ts';

/** 30 addresses on each of its ENIs beside the primary one. */
const LARGE = { instanceType: 'm5.24xlarge' };
/** More than are told side by side. */
const REFUSED = Array.from({ length: 12 }, (_, index) => `refused-${index}`);

/** A worker with twelve pods whose status cannot be patched, and one that comes after them. */
async function startRefusing(code: number) {
  const bed = await startBed();
  onTestFinished(() => bed.stop());
  const cluster = embeddedCluster(bed.world, bed.world.cluster);
  const worker = await cluster.addWorker(LARGE);
  await cluster.applyNetwork(NET_1);
  const pods: Awaited<ReturnType<typeof cluster.runPod>>[] = [];
  for (const [index, name] of [...REFUSED, 'well'].entries()) {
    const networks = [{ network: NET_1, ips: [`172.16.1.${70 + index}`] }];
    pods.push(await cluster.runPod(name, { on: worker, networks }));
  }
  for (const pod of pods) await eventually(() => cluster.attachedTo(pod)).toHaveLength(1);
  const isRefused = ({ resource, name }: { resource: string; name?: string | undefined }) =>
    resource === 'pods/status' && name?.startsWith('refused') === true;
  bed.world.cluster.kubernetes.faults.failNext(REFUSED.length, isRefused, code);

  const { attributes, ...made } = envelope('look', 1, JSON.stringify(messageFor(worker)));
  const record = { ...made, attributes: { ...attributes, ApproximateReceiveCount: '1' } };
  const look = () => bed.reconcile({ Records: [record] });
  const told = async () => {
    const conditions = await Promise.all(pods.map((pod) => cluster.conditionOf(pod)));
    return pods.filter((_, index) => conditions[index] !== undefined).map(({ name }) => name);
  };
  return { bed, worker, look, told };
}

const DONE = { batchItemFailures: [] };
const FAILED = { batchItemFailures: [{ itemIdentifier: 'message-look' }] };

describe('pods whose status the API server refuses to patch', () => {
  test.each([400, 405, 413, 415, 422])(
    'for good, with %i, are logged and counted, and hold up nobody',
    async (code) => {
      const { bed, worker, look, told } = await startRefusing(code);

      expect(await look()).toEqual(DONE);
      expect(bed.world.ec2.eni(worker.eth1).secondary).toHaveLength(13);
      expect(await told()).toEqual(['well']);
      expect(bed.telemetry.total('PodsNotTold', 'demo')).toBe(12);
      expect(bed.telemetry.total('NodesRetried')).toBe(0);
      const lines = bed.telemetry.lines.filter(({ level }) => level === 'error');
      expect(lines.map(({ subject }) => subject.pod)).toEqual(
        expect.arrayContaining(REFUSED.map((name) => `default/${name}`)),
      );
    },
  );

  test.each([403, 408, 409])(
    'for now, with %i, are told by the retry, the others at once',
    async (code) => {
      const { bed, look, told } = await startRefusing(code);

      expect(await look()).toEqual(FAILED);
      expect(await told()).toEqual(['well']);
      expect(await look()).toEqual(DONE);
      expect(await told()).toHaveLength(13);
      expect(bed.telemetry.total('PodsNotTold')).toBe(0);
    },
  );

  test.each([401, 429, 500])(
    'with %i, which is not about them, are told by the retry',
    async (code) => {
      const { bed, look, told } = await startRefusing(code);

      expect(await look()).toEqual(FAILED);
      // Twelve refusals at the most.
      await eventually(look).toEqual(DONE);
      expect(await told()).toHaveLength(13);
      expect(bed.telemetry.total('PodsNotTold')).toBe(0);
    },
  );

  test('are refused for good if an admission rule denies it, and for now if a permission is missing', () => {
    const answered = (code: number, message: string) =>
      Object.assign(new Error(`HTTP ${code}`), { code, body: { message } });
    const webhook = 'admission webhook "pods.example.com" denied the request: no patch of a status';
    const policy =
      "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no patch of a status";
    const rbac =
      'pods "app" is forbidden: User "functions" cannot patch resource "pods/status" in API group "" in the namespace "ns1"';
    expect(podRefusal(answered(403, webhook))).toBe('for-good');
    expect(podRefusal(answered(403, policy))).toBe('for-good');
    expect(podRefusal(answered(422, policy))).toBe('for-good');
    expect(podRefusal(answered(403, rbac))).toBe('for-now');
    expect(podRefusal(new Error('connect ECONNREFUSED'))).toBeUndefined();
  });
});
