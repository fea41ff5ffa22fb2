import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import type { PodRef } from '../../shared/cluster/kubernetes.ts';
import { NET_1, networkStatus } from '../support/networks.ts';
import type { Product } from '../support/product.ts';
import type { Worker } from '../support/stage.ts';
import { succeeds } from './cluster/base.ts';
import { FORWARDER, NAMESPACE } from './cluster/product-access.ts';
import { whereaboutsCrds } from './parts/programs.ts';
import { type PlaneBed, startPlaneBed } from './support/plane-bed.ts';
import { startWatchingForwarder, type WatchingForwarder } from './support/watching-forwarder.ts';

/*
 * What deploy/base lets forwarder and functions do in a cluster is enough, none of it is too much,
 * and there is nothing else that they may do.
 */

const FUNCTIONS = 'multus-eni-reconciler';
/** Every verb on every resource of the roles, and who has it. */
const RIGHTS = [
  { of: 'forwarder', role: `clusterrole/${FORWARDER}`, verb: 'list', resource: 'pods' },
  { of: 'forwarder', role: `clusterrole/${FORWARDER}`, verb: 'watch', resource: 'pods' },
  { of: 'forwarder', role: `role/${FORWARDER}`, verb: 'create', resource: 'leases' },
  { of: 'forwarder', role: `role/${FORWARDER}`, verb: 'get', resource: 'leases' },
  { of: 'forwarder', role: `role/${FORWARDER}`, verb: 'update', resource: 'leases' },
  { of: 'functions', role: `clusterrole/${FUNCTIONS}`, verb: 'list', resource: 'pods' },
  { of: 'functions', role: `clusterrole/${FUNCTIONS}`, verb: 'patch', resource: 'pods/status' },
  { of: 'functions', role: `clusterrole/${FUNCTIONS}`, verb: 'get', resource: 'nodes' },
  { of: 'functions', role: `clusterrole/${FUNCTIONS}`, verb: 'list', resource: 'nodes' },
  {
    of: 'functions',
    role: `clusterrole/${FUNCTIONS}`,
    verb: 'list',
    resource: 'network-attachment-definitions',
  },
  { of: 'functions', role: `clusterrole/${FUNCTIONS}`, verb: 'create', resource: 'events' },
] as const;
/** What the sweep says nothing of whereabouts without; all else is as before. */
const POOLS = {
  of: 'functions',
  role: `clusterrole/${FUNCTIONS}`,
  verb: 'list',
  resource: 'ippools',
} as const;
/** Without these, pods still get what nobody has: test/security/bad-ledgers.test.ts has what fails. */
const LEDGERS = ['get', 'list', 'create', 'update', 'delete'].map((verb) => ({
  of: 'functions' as const,
  role: `clusterrole/${FUNCTIONS}`,
  verb,
  resource: 'eniledgers',
}));
const ALL = [...RIGHTS, POOLS, ...LEDGERS];
type Right = (typeof ALL)[number];

const rule = z.looseObject({ resources: z.array(z.string()), verbs: z.array(z.string()) });
const role = z.object({ rules: z.array(rule) });
type Rule = z.infer<typeof rule>;

let bed: PlaneBed;
beforeAll(async () => {
  bed = await startPlaneBed();
  await bed.cluster.applyNetwork(NET_1);
  await bed.plane.kubectl(['create', ...whereaboutsCrds().map((file) => `--filename=${file}`)]);
});
afterAll(() => bed?.stop());

describe('the rights in deploy/base', () => {
  test('are enough', async () => {
    await expectFlow(await startAll(), '172.16.1.70');
  });

  test('are those of the list here', async () => {
    const roles = [...new Set(ALL.map((right) => right.role))];
    const granted = (await Promise.all(roles.map(rightsOf))).flat();
    expect(granted).toHaveLength(ALL.length);
    expect(granted).toEqual(expect.arrayContaining(ALL.map(({ of, ...right }) => right)));
  });

  test.for(RIGHTS.map((right, index) => ({ ...right, last: 71 + index })))(
    'are not enough without that of the $of to $verb $resource',
    async ({ last, ...right }) => {
      const giveBack = await withdraw(right);
      const scene = await startAll();
      await scene.product.sweep();
      const claim = await runPod(scene, `172.16.1.${last}`);

      await soon(() => complaintsOf(scene)).toContain(
        `cannot ${right.verb} resource "${right.resource}"`,
      );
      expect(await isDone(scene, claim)).toBe(false);

      await giveBack();
      await expectFlow(scene, `172.16.1.${last + 20}`);
    },
  );

  test('without that to list whereabouts’ pools cost the figures of them alone', async () => {
    const giveBack = await withdraw(POOLS);
    const scene = await startAll();
    await expectFlow(scene, '172.16.1.110');
    expect(whereaboutsIn(scene)).toEqual({
      notRead: expect.stringContaining('cannot list resource "ippools"'),
    });

    await giveBack();
    await scene.product.sweep();
    expect(whereaboutsIn(scene)).toMatchObject({ pools: 0, reservations: 0 });
  });
});

describe('nothing else may be done', () => {
  const listOf = async (who: readonly string[], namespace: string): Promise<string[]> => {
    const args = ['auth', 'can-i', '--list', '--no-headers', `--namespace=${namespace}`, ...who];
    const lines = (await bed.plane.kubectl(args)).trim().split('\n');
    return lines.map((line) => line.trim().replaceAll(/\s+/g, ' ')).toSorted();
  };
  /** What `who` may beside what anybody may who is `like` it. */
  const beyond = async (who: readonly string[], like: string, namespace: string) => {
    const anybody = await listOf([`--as=${like}`], namespace);
    return (await listOf(who, namespace)).filter((line) => !anybody.includes(line));
  };

  test('by the forwarder, in its namespace and in others', async () => {
    const who = [`--token=${bed.forwarder.token}`];
    const account = `system:serviceaccount:${NAMESPACE}:default`;
    const pods = 'pods [] [] [list watch]';
    expect(await beyond(who, account, 'default')).toEqual([pods]);
    expect(await beyond(who, account, NAMESPACE)).toEqual([
      'leases.coordination.k8s.io [] [] [create]',
      `leases.coordination.k8s.io [] [${FORWARDER}] [get update]`,
      pods,
    ]);
  });

  test('by the functions, in any namespace', async () => {
    const who = [`--token=${await bed.functionsToken()}`];
    for (const namespace of ['default', NAMESPACE]) {
      expect(await beyond(who, 'anybody', namespace)).toEqual([
        'eniledgers.multus-eni.dev [] [] [get list create update delete]',
        'events [] [] [create]',
        'ippools.whereabouts.cni.cncf.io [] [] [list]',
        'network-attachment-definitions.k8s.cni.cncf.io [] [] [list]',
        'nodes [] [] [get list]',
        'pods [] [] [list]',
        'pods/status [] [] [patch]',
      ]);
    }
  });
});

interface Scene {
  readonly product: Product;
  readonly forwarder: WatchingForwarder;
  /** Of this test only: what another one left under way holds up its node. */
  readonly worker: Worker;
}

interface Claim {
  readonly pod: PodRef;
  readonly address: string;
}

/** Starts functions and forwarder, and waits until the forwarder has looked at the pods. */
async function startAll(): Promise<Scene> {
  const worker = await bed.cluster.addWorker();
  const product = bed.startProduct();
  onTestFinished(() => product.stop());
  const forwarder = await startWatchingForwarder({ bed, product });
  onTestFinished(() => forwarder.stop());
  product.startDelivery();
  await soon(forwarder.log).toMatch(/listed the pods|could not be listed/);
  return { product, forwarder, worker };
}

async function runPod({ worker }: Scene, address: string): Promise<Claim> {
  const annotations = networkStatus([{ network: NET_1, ips: [address] }]);
  const name = `app-${address.replaceAll('.', '-')}`;
  return { pod: await bed.cluster.runPod(name, { on: worker, annotations }), address };
}

/** Whether everything that is to happen has happened. */
async function isDone({ product, worker }: Scene, { pod, address }: Claim): Promise<boolean> {
  const condition = await bed.cluster.conditionOf(pod);
  const events = await bed.cluster.eventsOf(pod);
  return (
    addressesOn(worker).includes(address) &&
    condition?.status === 'True' &&
    events.some(({ reason }) => reason === 'IPsAssigned') &&
    product.telemetry.total('SweepCompleted') > 0
  );
}

function addressesOn(worker: Worker): readonly string[] {
  return bed.world.ec2.eni(worker.eth1).secondary;
}

async function expectFlow(scene: Scene, address: string): Promise<void> {
  // Before there is a pod, so that it is the forwarder that tells of it.
  await scene.product.sweep();
  const claim = await runPod(scene, address);
  await soon(() => isDone(scene, claim)).toBe(true);
  await bed.cluster.deletePod(claim.pod, { force: true });
  await soon(() => addressesOn(scene.worker)).not.toContain(address);
}

/** What forwarder and functions have logged of failures. */
function complaintsOf({ product, forwarder }: Scene): string {
  const lines = product.telemetry.lines
    .filter(({ level }) => level !== 'info')
    .map(({ text, detail }) => `${text}: ${String(detail)}`);
  return [forwarder.log(), ...lines].join('\n').replaceAll('\\', '');
}

/** What the last sweep says of it. */
function whereaboutsIn({ product }: Scene): unknown {
  const detail = product.telemetry.lines.findLast(({ text }) => text === 'swept')?.detail;
  return z.object({ clusters: z.tuple([z.object({ whereabouts: z.unknown() })]) }).parse(detail)
    .clusters[0].whereabouts;
}

async function rulesOf(name: string): Promise<Rule[]> {
  const json = await bed.plane.kubectl(['get', name, `--namespace=${NAMESPACE}`, '--output=json']);
  return role.parse(JSON.parse(json)).rules;
}

async function rightsOf(name: string) {
  return (await rulesOf(name)).flatMap(({ resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => ({ role: name, verb, resource }))),
  );
}

/** Takes a right away, and waits until the API server knows it. @returns what gives it back. */
async function withdraw(right: Right): Promise<() => Promise<void>> {
  const { role: name, verb, resource } = right;
  const rules = await rulesOf(name);
  const giveBack = async () => {
    await setRules(name, rules);
    await soon(() => may(right)).toBe(true);
  };
  onTestFinished(giveBack);
  await setRules(name, without(rules, right));
  await soon(() => may(right)).toBe(false);
  // A Lease is created only if there is none.
  if (resource === 'leases' && verb === 'create') await bed.api.deleteAll('leases', NAMESPACE);
  return giveBack;
}

function without(rules: readonly Rule[], { verb, resource }: Right): Rule[] {
  const concerned = (each: Rule) => each.resources.includes(resource) && each.verbs.includes(verb);
  const rest = (each: Rule): Rule[] => [
    { ...each, resources: each.resources.filter((other) => other !== resource) },
    { ...each, resources: [resource], verbs: each.verbs.filter((other) => other !== verb) },
  ];
  return rules
    .flatMap((each) => (concerned(each) ? rest(each) : [each]))
    .filter(({ resources, verbs }) => resources.length > 0 && verbs.length > 0);
}

async function setRules(name: string, rules: readonly Rule[]): Promise<void> {
  const patch = JSON.stringify({ rules });
  const what = ['patch', name, `--namespace=${NAMESPACE}`, '--type=merge', `--patch=${patch}`];
  await bed.plane.kubectl(what);
}

async function may({ of, verb, resource }: Right): Promise<boolean> {
  const token = of === 'forwarder' ? bed.forwarder.token : await bed.functionsToken();
  const [kind = '', subresource] = resource.split('/');
  const name = resource === 'leases' && verb !== 'create' ? `/${FORWARDER}` : '';
  const what = [`${kind}${name}`, ...(subresource ? [`--subresource=${subresource}`] : [])];
  const how = [`--namespace=${NAMESPACE}`, `--token=${token}`];
  return succeeds(bed.plane.kubectl(['auth', 'can-i', verb, ...what, ...how]));
}

/** Messages that failed are tried again after seconds. */
function soon<T>(look: () => T) {
  return expect.poll(look, { interval: 200, timeout: 30_000 });
}
