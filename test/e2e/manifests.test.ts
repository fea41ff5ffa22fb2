import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { FLOATING_IPS, IGNORE, NETWORK_STATUS } from '../../shared/cluster/annotations.ts';
import { tokenTransport } from '../../shared/cluster/authenticated-transport.ts';
import { kubernetesCalls } from '../../shared/cluster/calls.ts';
import { CONDITION_TYPE } from '../../shared/cluster/kubernetes.ts';
import { patience } from '../support/machine.ts';
import { type PlaneBed, startPlaneBed } from './support/plane-bed.ts';

/*
 * A real API server takes what is in deploy/ as it stands, with no field that it does not know; and
 * the admission policies, which it evaluates, do what they say.
 */

const DEPLOY = join(import.meta.dirname, '..', '..', 'deploy');
const SAMPLES = join(DEPLOY, 'samples');
const STRICT = ['--dry-run=server', '--validate=strict', '--output=name'];
/** A policy is in force a little later than it is there. */
const SOON = { timeout: 20_000 };
const ADMISSION = 'admissionregistration.k8s.io';
const NETWORKS = 'k8s.v1.cni.cncf.io/networks';

let bed: PlaneBed;
beforeAll(async () => {
  bed = await startPlaneBed();
  // The samples' pods that wait have its service account.
  await kubectl('apply', '-k', join(DEPLOY, 'ip-manager-rbac'));
  await kubectl('apply', '-k', join(DEPLOY, 'readiness-gate'));
});
afterAll(() => bed?.stop());

const kubectl = (...args: string[]) => bed.plane.kubectl(args);

describe('a real API server takes', () => {
  test.for(readdirSync(SAMPLES).filter((name) => name.endsWith('.yaml')))(
    'deploy/samples/%s',
    async (name) => {
      const said = await kubectl('apply', ...STRICT, `--filename=${join(SAMPLES, name)}`);
      expect(said).toMatch(/^(pod|networkattachmentdefinition\.k8s\.cni\.cncf\.io)\/[a-z0-9-]+\n$/);
    },
  );

  test.for([
    { folder: 'base', kinds: ['deployment.apps', 'configmap', 'networkpolicy.networking.k8s.io'] },
    { folder: 'overlays/example', kinds: ['deployment.apps', 'configmap'] },
    { folder: 'readiness-gate', kinds: [`mutatingadmissionpolicy.${ADMISSION}`] },
    {
      folder: 'room',
      kinds: [`mutatingadmissionpolicy.${ADMISSION}`, `validatingadmissionpolicy.${ADMISSION}`],
    },
    { folder: 'ip-manager-rbac', kinds: [`validatingadmissionpolicy.${ADMISSION}`] },
    { folder: 'ip-manager-rbac/account', kinds: ['serviceaccount'] },
    {
      folder: 'startup-taint',
      kinds: ['daemonset.apps', `validatingadmissionpolicy.${ADMISSION}`],
    },
  ])('deploy/$folder', async ({ folder, kinds }) => {
    const said = await kubectl('apply', ...STRICT, '-k', join(DEPLOY, folder));
    const taken = said.split('\n').map((line) => line.split('/')[0]);
    expect(taken).toEqual(expect.arrayContaining(kinds));
  });

  test('no misspelt field', async () => {
    const pod = podOf('misspelt', { spec: { nodename: 'a' } });
    const create = bed.plane.kubectl(['create', ...STRICT, '--filename=-'], { input: pod });
    await expect(create).rejects.toThrow(/unknown field "spec.nodename"/);
  });
});

describe('the readiness gate', () => {
  const NAMESPACE = 'gated';
  const GATE = { conditionType: CONDITION_TYPE };
  const OTHER = { conditionType: 'example.com/ready' };
  beforeAll(async () => {
    await kubectl('create', 'namespace', NAMESPACE);
    await kubectl('label', 'namespace', NAMESPACE, 'multus-eni.dev/readiness-gate=enabled');
    await accountOf(NAMESPACE);
    await vi.waitFor(async () => expect(await gatesOf('probe', ASKS)).toEqual([GATE]), SOON);
  });

  const ASKS = { annotations: { [NETWORKS]: 'ipvlan-conf-1' } };
  const gatesOf = async (name: string, more: Partial<PodParts>, namespace = NAMESPACE) => {
    const input = podOf(name, more);
    const how = ['--dry-run=server', '--output=json', `--namespace=${namespace}`];
    const made = await bed.plane.kubectl(['create', ...how, '--filename=-'], { input });
    return gated.parse(JSON.parse(made)).spec.readinessGates;
  };

  test('is added to a pod that asks for networks, beside others', async () => {
    const spec = { readinessGates: [OTHER] };
    expect(await gatesOf('others', { ...ASKS, spec })).toEqual([OTHER, GATE]);
  });

  test('is not added if it is already', async () => {
    const spec = { readinessGates: [GATE, OTHER] };
    expect(await gatesOf('already', { ...ASKS, spec })).toEqual([GATE, OTHER]);
  });

  test('is not added to a pod that claims nothing', async () => {
    expect(await gatesOf('no-networks', {})).toEqual([]);
    const annotations = { ...ASKS.annotations, [IGNORE]: 'true' };
    expect(await gatesOf('ignored', { annotations })).toEqual([]);
    expect(await gatesOf('host', { ...ASKS, spec: { hostNetwork: true } })).toEqual([]);
  });

  test('is not added in another namespace', async () => {
    expect(await gatesOf('elsewhere', ASKS, 'default')).toEqual([]);
  });
});

describe('a pod with the ip-manager’s account', () => {
  let ownToken: string;
  beforeAll(async () => {
    await accountOf('default');
    for (const name of ['own', 'other']) {
      const input = podOf(name, { spec: { serviceAccountName: 'ip-manager' } });
      await bed.plane.kubectl(['create', '--filename=-'], { input });
    }
    ownToken = await tokenFor('--bound-object-kind=Pod', '--bound-object-name=own');
    const inForce = async () =>
      expect(await refusal('other', annotate(FLOATING_IPS, '[]'))).toBeDefined();
    await vi.waitFor(inForce, SOON);
  });

  const tokenFor = async (...bound: string[]) =>
    (await kubectl('create', 'token', 'ip-manager', ...bound)).trim();
  const annotate = (name: string, value: string | null) => ({
    metadata: { annotations: { [name]: value } },
  });
  /** Why the API server refuses a patch of a pod; `undefined` if it does not. */
  const refusal = async (name: string, body: object, token = ownToken) =>
    patched(name, body, token).then(
      () => undefined,
      (error: unknown) => String(error),
    );
  const patched = (name: string, body: object, token: string) => {
    const { server, caData } = bed.plane;
    const calls = kubernetesCalls(tokenTransport({ server, caData, token: async () => token }));
    const patch = { namespace: 'default', name, body, fieldManager: 'ip-manager' };
    return calls.patchPod(patch, AbortSignal.timeout(patience(10_000)));
  };

  test('publishes, changes and withdraws its floating addresses', async () => {
    expect(await refusal('own', annotate(FLOATING_IPS, '["172.16.1.90"]'))).toBeUndefined();
    expect(await refusal('own', annotate(FLOATING_IPS, '["172.16.1.91"]'))).toBeUndefined();
    expect(await refusal('own', annotate(FLOATING_IPS, null))).toBeUndefined();
  });

  test('is told by the answer what time it is', async () => {
    const { date } = await patched('own', annotate(FLOATING_IPS, null), ownToken);
    expect(date).toMatch(/^\w{3}, \d{2} \w{3} \d{4} [\d:]{8} GMT$/);
  });

  test.for([
    ['another annotation', annotate(NETWORK_STATUS, '[]')],
    ['a label', { metadata: { labels: { app: 'other' } } }],
    ['a finalizer', { metadata: { finalizers: ['example.com/stay'] } }],
    ['how long it may run', { spec: { activeDeadlineSeconds: 60 } }],
  ] as const)('may not change %s', async ([, body]) => {
    expect(await refusal('own', body)).toContain(
      'may change only the annotation multus-eni.dev/floating-ips',
    );
  });

  test('may not remove an annotation that it did not write', async () => {
    await kubectl('annotate', 'pod', 'own', 'example.com/kept=value');
    expect(await refusal('own', annotate('example.com/kept', null))).toContain('may change only');
  });

  test('may not publish for another pod', async () => {
    expect(await refusal('other', annotate(FLOATING_IPS, '["172.16.1.90"]'))).toContain(
      'may change only the pod that its token was given to',
    );
  });

  test('may not publish with a token that was given to no pod', async () => {
    const token = await tokenFor();
    expect(await refusal('own', annotate(FLOATING_IPS, '[]'), token)).toContain(
      'may change only the pod that its token was given to',
    );
  });

  test('binds nobody else', async () => {
    await kubectl('annotate', 'pod', 'other', `${FLOATING_IPS}=["172.16.1.92"]`);
    await kubectl('label', 'pod', 'other', 'app=other');
  });
});

interface PodParts {
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: object;
}

const gated = z.object({
  spec: z.object({ readinessGates: z.array(z.unknown()).default([]) }),
});

/** The manifest of a pod, as JSON. */
function podOf(name: string, { annotations = {}, spec = {} }: Partial<PodParts>): string {
  const containers = [{ name: 'app', image: 'app' }];
  const metadata = { name, annotations };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { containers, ...spec },
  });
}

/** Waits for the account without which no pod is admitted to a namespace. */
async function accountOf(namespace: string): Promise<void> {
  await kubectl('wait', '--for=create', 'serviceaccount/default', `--namespace=${namespace}`);
}
