import type { Defect } from './plant.ts';

/** What a narrow test has to find. */
export const FOR_NARROW_TESTS: readonly Defect[] = [
  {
    name: 'pods read before ENIs',
    replaced: [
      {
        name: 'readNode',
        by: `async (original, access, node, instanceId, signal) => {
          const pods = await access.kubernetes.listPods({ node, signal });
          const kubernetes = { ...access.kubernetes, listPods: async () => pods };
          return original({ ...access, kubernetes }, node, instanceId, signal);
        }`,
      },
    ],
    tests: ['schedules/read-order.test.ts'],
  },
  {
    name: 'a second Node of the instance does not matter to releases',
    replaced: [
      {
        name: 'act',
        beside: 'serveFull',
        by: `(original, access, state, decision, options) =>
          original(access, state, decision, { ...options, restricted: undefined })`,
      },
    ],
    tests: ['schedules/one-node.test.ts'],
  },
  {
    name: 'a Node that comes again under its name is taken for the one that was there',
    replaced: [
      {
        name: 'nodeMetadataFromObject',
        by: `(original, object) => ({ ...original(object), uid: original(object).name })`,
      },
    ],
    tests: ['shared/cluster/node-list.test.ts'],
  },
  {
    name: 'a take-over for a pod that has finished meanwhile',
    replaced: [
      {
        name: 'isSame',
        beside: 'assertStillClaimed',
        by: `(original, before, now) =>
          original(before, before && now && { ...now, finished: before.finished })`,
      },
    ],
    tests: ['shared/apply/take-over-changes.test.ts'],
  },
  {
    name: 'a message is acknowledged although the dead-letter queue refused it',
    replaced: [
      {
        name: 'setAside',
        by: `async (original, ...given) => {
          await original(...given);
          return [];
        }`,
      },
    ],
    tests: ['queue/dead-letter.test.ts'],
  },
  {
    name: 'a forwarder that is blind goes on leading and beating',
    replaced: [
      {
        name: 'createFitness',
        by: '(original, ...given) => ({ ...original(...given), blind: () => false })',
      },
    ],
    tests: ['forwarder/forwarder.test.ts', 'schedules/turns.test.ts'],
  },
  {
    name: 'a task gets no time to end after its deadline',
    replaced: [
      {
        name: 'withTaskDeadline',
        beside: 'DeadlineError',
        by: `(original, clock, ms, ...rest) => {
          const after = (delayMs, task) => clock.after(delayMs === ms ? ms : 0, task);
          return original({ ...clock, after }, ms, ...rest);
        }`,
      },
    ],
    tests: ['time/task-deadline.test.ts'],
  },
  {
    name: 'a resync is dropped while anything waits for its node',
    replaced: [
      {
        name: 'waiting',
        by: `(original, group) => {
          const messages = original(group);
          return Object.assign(messages, { some: () => messages.length > 0 });
        }`,
      },
    ],
    tests: ['outbox/outbox.test.ts'],
  },
  {
    name: 'a floating claim of the same time takes the address',
    replaced: [
      {
        name: 'passesOn',
        by: `(original, holder, claimant) =>
          original(holder, { ...claimant, since: claimant.since + 1 })`,
      },
    ],
    tests: ['shared/plan/several-claimants.test.ts'],
  },
  {
    name: 'a pod whose claim fits no ENI any more holds nothing',
    replaced: [
      {
        name: 'counts',
        beside: 'speakerOf',
        by: '(original, claimant, where) => original(claimant, { ...where, holds: () => false })',
      },
    ],
    tests: ['schedules/placement.test.ts'],
  },
  {
    name: 'who loses an address is told after who gets it',
    replaced: [{ name: 'loses', by: '(original, outcome) => !original(outcome)' }],
    tests: ['schedules/placement.test.ts'],
  },
  {
    name: 'an execution writes whether or not it still has its messages',
    replaced: [
      {
        name: 'reconcileNode',
        by: `(original, scope, ...given) =>
          original({ ...scope, held: async () => {} }, ...given)`,
      },
    ],
    tests: ['schedules/executions.test.ts'],
  },
  {
    name: 'a release from an ENI that has moved to another instance',
    replaced: [
      {
        name: 'assertAttached',
        by: `(original, inventory, ...given) =>
          original({ ...inventory, newestAttachment: () => undefined }, ...given)`,
      },
    ],
    tests: ['schedules/attachments.test.ts'],
  },
  {
    name: 'only the oldest claimant of a node is asked about',
    replaced: [
      {
        name: 'decidePassing',
        by: '(original, contested, assignment) => original(contested, { ...assignment, rivals: [] })',
      },
    ],
    tests: ['schedules/rivals.test.ts'],
  },
  {
    name: 'an ENI’s first IPv6 address is released like any other',
    replaced: [{ name: 'perhapsTheWorkersOwn', by: '() => undefined' }],
    tests: ['shared/plan/plan.test.ts'],
  },
  {
    name: 'only known codes of EC2 are about single addresses',
    replaced: [
      {
        name: 'isAboutAddresses',
        by: `(original, error) =>
          /^(PrivateIpAddressLimitExceeded|Ipv6AddressLimitExceeded|InvalidParameterValue)$/.test(error.name)`,
      },
    ],
    tests: ['apply/all-or-nothing.test.ts'],
  },
  {
    name: 'room that pods request and have not taken yet is told to others as well',
    replaced: [{ name: 'awaitedBy', by: '() => () => 0' }],
    tests: ['shared/plan/room.test.ts'],
  },
];
