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
}

const STATE = 'shared/state/node-state.ts';
const PLAN = 'shared/plan/plan.ts';
const SPEAKER = 'shared/plan/speaker.ts';
const CONFLICT = 'shared/plan/conflict.ts';
const TAKE_OVER = 'shared/apply/take-over.ts';
const RECONCILE_NODE = 'functions/reconcile/reconcile-node.ts';
const RECONCILE_BATCH = 'functions/reconcile/reconcile-batch.ts';
const POD_INDEX = 'forwarder/pod-index.ts';

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
        find: '    stuck = await unassign(access, examined.take, unassignedFrom, signal);\n',
        replace:
          '    for (const { holder } of examined.take) {\n' +
          '      if (holder.node) unassignedFrom.add(holder.node.node);\n' +
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
        find: '  await seeGone(access, state.node, state.instanceId, applied.toBeGone, signal);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'terminating pods acquire',
    patches: [
      {
        file: SPEAKER,
        find: '    .filter((claimant) => !claimant.terminating || on.has(claimant.eniId))\n',
        replace: '',
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
        find: 'assignKept: request.assignKept || decided.keep.some(seenGone.contradicts),',
        replace: 'assignKept: request.assignKept,',
      },
    ],
  },
];
