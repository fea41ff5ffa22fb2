import type { Defect } from './plant.ts';

/** What the fault harness has to find. */
export const FOR_THE_HARNESS: readonly Defect[] = [
  {
    name: 'release without the claim check',
    replaced: [
      {
        name: 'decideUnclaimed',
        by: `(original, input, placed) =>
          original(input, Object.fromEntries(Object.keys(placed).map((key) => [key, []])))`,
      },
    ],
  },
  {
    name: 'take-over with AllowReassignment instead of from the examined ENI',
    replaced: [
      {
        name: 'unassign',
        beside: 'takeOver',
        // Of IPv6 addresses EC2 has no such call.
        by: `async (original, acting, take) => {
          const { access, answers, writer } = acting;
          const { AssignPrivateIpAddressesCommand } = await import('@aws-sdk/client-ec2');
          const { v4 = [], v6 = [] } = Object.groupBy(take, ({ assignment: { address } }) =>
            address.includes(':') ? 'v6' : 'v4',
          );
          for (const { assignment, holder } of v4) {
            if (holder.node) answers.unassignedFrom.add(holder.node.node);
            writer.takenFrom(holder.eni.id, assignment.address);
            await access.ec2.client.send(
              new AssignPrivateIpAddressesCommand({
                NetworkInterfaceId: assignment.eniId,
                PrivateIpAddresses: [assignment.address],
                AllowReassignment: true,
              }),
            );
          }
          return original(acting, v6);
        }`,
      },
    ],
  },
  {
    name: 'terminating pods acquire',
    replaced: [
      {
        name: 'counts',
        beside: 'speakerOf',
        by: '(original, claimant, where) => original({ ...claimant, terminating: false }, where)',
      },
      {
        name: 'passesOn',
        by: '(original, holder, claimant) => original(holder, { ...claimant, terminating: false })',
      },
    ],
  },
  {
    name: 'a failed message is acknowledged',
    replaced: [
      {
        name: 'oneFate',
        by: `async (original, ...given) => {
          await original(...given);
          return [];
        }`,
      },
    ],
  },
  {
    name: 'pods matched by name instead of uid',
    replaced: [
      {
        name: 'speaking',
        beside: 'decideTakeOver',
        by: `(original, contested, node) => {
          const holder = original(contested, node);
          const isSame = holder?.pod.name === contested.claimant.pod.name;
          return isSame ? { ...holder, pod: contested.claimant.pod } : holder;
        }`,
      },
      {
        name: 'createPodIndex',
        by: `(original) => {
          const index = original();
          const names = new Map();
          const named = (pod) => {
            names.set(pod.uid, pod.name);
            return { ...pod, uid: pod.name };
          };
          return {
            ...index,
            put: (pod) => index.put(named(pod)),
            remove: (pod) => index.remove(named(pod)),
            retain: (uids) => index.retain(new Set([...uids].map((uid) => names.get(uid)))),
          };
        }`,
      },
    ],
  },
  {
    name: 'a Node tells the room that is left, and not what runs',
    replaced: [{ name: 'requestedOf', by: '() => new Map()' }],
    only: 'room before placement/',
  },
  {
    name: "another cluster's ENIs are ours where a Node of ours names their instance",
    replaced: [{ name: 'asSeenBy', by: '(original, cluster, eni) => eni' }],
    only: 'a Node that lies/',
  },
  {
    name: 'news that comes while a Node registers anew is done with',
    replaced: [{ name: 'acquires', by: '() => false' }],
    only: 'a Node registers anew/',
  },
  {
    name: 'a message is retried for an ENI in error until it is dead-lettered',
    replaced: [{ name: 'toldIfBroken', by: '(original, access, state, applied) => applied' }],
    only: '/an ENI in error',
  },
  {
    name: 'the brake is off',
    replaced: [{ name: 'withheldOf', by: 'async () => undefined' }],
    only: 'pods vanish/',
  },
  {
    name: 'no release is a mass',
    replaced: [{ name: 'isMass', by: '() => false' }],
    only: 'pods vanish/',
  },
  {
    name: 'a node without any pod is believed at one look',
    replaced: [
      {
        name: 'withheldOf',
        by: `(original, scope, request, state, ...given) => {
          const podObjects = new Map([['daemon', undefined], ...state.podObjects]);
          return original(scope, request, { ...state, podObjects }, ...given);
        }`,
      },
    ],
    only: 'pods vanish/',
  },
  {
    name: 'what an operator stops goes on',
    replaced: [{ name: 'stopOf', by: '() => undefined' }],
    only: 'stopped/',
  },
  {
    name: 'a dry run takes the condition of pods that were told True',
    replaced: [
      {
        name: 'dryRunOutcomes',
        by: `(original, outcomes, decision) => original(outcomes.map((outcome) => ({
          ...outcome,
          pod: { ...outcome.pod, condition: undefined },
        })), decision)`,
      },
    ],
    only: 'dry-run/',
  },
  {
    name: 'releases go on while nobody knows whether they are stopped',
    replaced: [
      {
        name: 'stoppedBy',
        by: '(original, configured, stop) => original(configured, stop?.since && stop)',
      },
    ],
    only: '/no SSM',
  },
  {
    name: 'what waits for a release that is not sent on a guess is done with',
    replaced: [{ name: 'controlUnread', by: '() => undefined' }],
    only: '/no SSM for a while',
  },
];
