/** A part of a file of the product, and what a defect makes of it. */
export interface Patch {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A defect that somebody could bring in, and that a run has to find. */
export interface Mutant {
  readonly name: string;
  readonly patches: readonly Patch[];
  /** The files of narrow tests that have to find it; the harness has to where there are none. */
  readonly tests?: readonly string[];
}

const STATE = 'shared/state/node-state.ts';
const PLAN = 'shared/plan/plan.ts';
const SPEAKER = 'shared/plan/speaker.ts';
const CONFLICT = 'shared/plan/conflict.ts';
const TAKE_OVER = 'shared/apply/take-over.ts';
const RECONCILE_NODE = 'functions/reconcile/reconcile-node.ts';
const RECONCILE_BATCH = 'functions/reconcile/reconcile-batch.ts';
const POD_INDEX = 'forwarder/hints/pod-index.ts';

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'pods read before ENIs',
    patches: [
      {
        file: STATE,
        find: '  const enis = await access.ec2.inventory.ofInstances([instanceId], signal);\n',
        replace:
          '  const podsBefore = await access.kubernetes.listPods({ node, signal });\n' +
          '  const listPods = async () => podsBefore;\n' +
          '  access = { ...access, kubernetes: { ...access.kubernetes, listPods } };\n' +
          '  const enis = await access.ec2.inventory.ofInstances([instanceId], signal);\n',
      },
    ],
  },
  {
    name: 'release without the claim check',
    patches: [{ file: PLAN, find: '      if (claimed.has(address)) continue;\n', replace: '' }],
  },
  {
    name: 'take-over with AllowReassignment instead of from the examined ENI',
    patches: [
      {
        file: TAKE_OVER,
        find: '    stuck = await unassign(access, examined.take, options);\n',
        replace:
          '    for (const { holder } of examined.take) {\n' +
          '      if (holder.node) journal.unassignedFrom.add(holder.node.node);\n' +
          '    }\n' +
          '    const reassigned = examined.take.map(({ assignment }) => assignment);\n' +
          '    if (reassigned.length > 0) {\n' +
          '      await access.ec2.client.send(\n' +
          '        new AssignPrivateIpAddressesCommand({\n' +
          '          NetworkInterfaceId: reassigned[0]?.eniId,\n' +
          '          PrivateIpAddresses: reassigned.map(({ address }) => address),\n' +
          '          AllowReassignment: true,\n' +
          '        }),\n' +
          '        { abortSignal: signal },\n' +
          '      );\n' +
          '    }\n',
      },
      {
        file: TAKE_OVER,
        find: "import type { Address } from '../address.ts';\n",
        replace:
          "import { AssignPrivateIpAddressesCommand } from '@aws-sdk/client-ec2';\n" +
          "import type { Address } from '../address.ts';\n",
      },
    ],
  },
  {
    name: 'no read-back after a release',
    patches: [
      {
        file: RECONCILE_NODE,
        find: '      await confirmReleased(access, state.node, state.instanceId, applied.toConfirm, signal);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'terminating pods acquire',
    patches: [
      {
        file: SPEAKER,
        find: '  return claimant.eniId !== undefined && (!claimant.terminating || on.has(claimant.eniId));\n',
        replace: '  return claimant.eniId !== undefined;\n',
      },
      {
        file: CONFLICT,
        find: '  if (another && !passesOn(holder, contested.claimant)) {\n',
        replace:
          '  if (another && !passesOn(holder, { ...contested.claimant, terminating: false })) {\n',
      },
    ],
  },
  {
    name: 'a failed message is acknowledged',
    patches: [
      {
        file: RECONCILE_BATCH,
        find: '    await giveBack(batch, { cluster, node }, envelopes, error);\n    return envelopes;\n',
        replace:
          '    await giveBack(batch, { cluster, node }, envelopes, error);\n    return [];\n',
      },
    ],
  },
  {
    name: 'pods matched by name instead of uid',
    patches: [
      {
        file: CONFLICT,
        find: 'holder.pod.uid !== contested.claimant.pod.uid;\n',
        replace: 'holder.pod.name !== contested.claimant.pod.name;\n',
      },
      {
        file: POD_INDEX,
        find: 'known !== undefined && (known.uid !== pod.uid || known.node !== pod.node)',
        replace: 'known !== undefined && known.node !== pod.node',
      },
      {
        file: POD_INDEX,
        find: "      return known?.uid === pod.uid ? change('delete', known, undefined) : [];\n",
        replace: "      return change('delete', known, undefined);\n",
      },
    ],
  },
  {
    name: 'what was seen to be gone passes for kept where a read shows it',
    patches: [
      {
        file: RECONCILE_NODE,
        find: 'assignKept: request.assignKept || decided.keep.some(memory.releases.contradicts),',
        replace: 'assignKept: request.assignKept,',
      },
    ],
  },
  {
    name: 'a second Node of the instance does not matter to unseen releases',
    patches: [
      {
        file: 'shared/apply/apply-releases.ts',
        find: '    eniIds.size === 0\n      ? Promise.resolve(true)\n',
        replace: '    seen.size === 0\n      ? Promise.resolve((allowed = true))\n',
      },
    ],
    tests: ['test/schedules/one-node.test.ts'],
  },
  {
    name: 'the read-back does not look at IPv6',
    patches: [
      {
        file: 'shared/apply/confirm-released.ts',
        find: 'eni.id === eniId && eni.secondary.includes(address)',
        replace: "eni.id === eniId && !address.includes(':') && eni.secondary.includes(address)",
      },
    ],
    tests: ['test/unit/shared/apply/confirm-released.test.ts'],
  },
  {
    name: 'a take-over for a pod that has finished meanwhile',
    patches: [
      {
        file: 'shared/apply/still-claimed.ts',
        find: '    before?.finished === now?.finished &&\n',
        replace: '',
      },
    ],
    tests: ['test/unit/shared/apply/take-over.test.ts'],
  },
  {
    name: 'a message is acknowledged although the dead-letter queue refused it',
    patches: [
      {
        file: RECONCILE_BATCH,
        find: 'await backOff(batch, [envelope], {});\n    return [envelope];\n',
        replace: 'await backOff(batch, [envelope], {});\n    return [];\n',
      },
    ],
    tests: ['test/unit/functions/reconcile/queue/dead-letter.test.ts'],
  },
  {
    name: 'a forwarder that is blind goes on leading and beating',
    patches: [
      {
        file: 'forwarder/forwarder.ts',
        find: "      if (fitness.blind()) resign('blind');\n",
        replace: '',
      },
    ],
    tests: ['test/unit/forwarder/forwarder.test.ts', 'test/schedules/turns.test.ts'],
  },
  {
    name: 'a task gets no time to end after its deadline',
    patches: [
      {
        file: 'shared/time/task-deadline.ts',
        find: 'const GRACE_MS = 2_000;\n',
        replace: 'const GRACE_MS = 0;\n',
      },
    ],
    tests: ['test/unit/shared/time/task-deadline.test.ts'],
  },
  {
    name: 'a resync is dropped while anything waits for its node',
    patches: [
      {
        file: 'forwarder/outbox/backlog.ts',
        find: "waiting(group).some((m) => m.reason === 'resync')",
        replace: 'waiting(group).length > 0',
      },
    ],
    tests: ['test/unit/forwarder/outbox/outbox.test.ts'],
  },
  {
    name: 'a floating claim of the same time takes the address',
    patches: [
      {
        file: SPEAKER,
        find: 'claimant.since > holder.since',
        replace: 'claimant.since >= holder.since',
      },
    ],
    tests: ['test/unit/shared/plan/several-claimants.test.ts'],
  },
  {
    name: 'a pod whose claim fits no ENI any more holds nothing',
    patches: [
      { file: SPEAKER, find: '  if (isIn(on, claimant.toldOn)) return true;\n', replace: '' },
    ],
    tests: ['test/schedules/placement.test.ts'],
  },
  {
    name: 'who loses an address is told after who gets it',
    patches: [
      {
        file: 'functions/reconcile/tell/tell.ts',
        find: 'for (const lost of [true, false])',
        replace: 'for (const lost of [false, true])',
      },
    ],
    tests: ['test/schedules/placement.test.ts'],
  },
  {
    name: 'an execution writes whether or not it still has its messages',
    patches: [
      {
        file: RECONCILE_NODE,
        find: '    await scope.held();\n    const observed',
        replace: '    const observed',
      },
    ],
    tests: ['test/schedules/executions.test.ts'],
  },
  {
    name: 'what is let go elsewhere is not handed over outside the ranges',
    patches: [
      {
        file: CONFLICT,
        find: ' || contested.letGoThere === true;\n',
        replace: ';\n',
      },
    ],
    tests: ['test/schedules/hand-over.test.ts'],
  },
  {
    name: 'a release from an ENI that has moved to another instance',
    patches: [
      {
        file: 'shared/apply/attached.ts',
        find: '  if (newest.instanceId !== instanceId) throw elsewhere(eni, newest.instanceId);\n',
        replace: '',
      },
    ],
    tests: ['test/schedules/attachments.test.ts'],
  },
  {
    name: 'only the oldest claimant of a node is asked about',
    patches: [
      {
        file: CONFLICT,
        find: '[speaker, ...rivals].map((claim) => {',
        replace: '[speaker].map((claim) => {',
      },
    ],
    tests: ['test/schedules/rivals.test.ts'],
  },
  {
    name: 'an ENI’s first IPv6 address is released like any other',
    patches: [
      { file: PLAN, find: '      else if (address === own)', replace: '      else if (false)' },
    ],
    tests: ['test/unit/shared/plan/plan.test.ts'],
  },
  {
    name: 'only known codes of EC2 are about single addresses',
    patches: [
      {
        file: 'shared/enis/ec2-errors.ts',
        find: '    status >= 400 &&\n',
        replace: '    status === 499 &&\n',
      },
    ],
    tests: ['test/unit/shared/apply/all-or-nothing.test.ts'],
  },
];
