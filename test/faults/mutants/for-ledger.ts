import type { Defect } from './plant.ts';

/** What breaks a rule of the ledger (docs/design.md, L1 to L17). */
export const FOR_THE_LEDGER: readonly Defect[] = [
  {
    name: 'L1: what no ledger has is released',
    replaced: [
      {
        name: 'decideUnclaimed',
        by: '(original, input, placed) => original({ ...input, isOurs: () => true }, placed)',
      },
    ],
    only: 'addresses assigned by hand/',
  },
  {
    name: 'L2: what EC2 let go of is no tombstone',
    replaced: [{ name: 'isTombstone', by: "(original, { state }) => state === 'releasing'" }],
    tests: ['shared/plan/old-reads.test.ts'],
  },
  {
    name: 'L3: a sweep looks only where messages were lost of pods that wait',
    replaced: [
      {
        name: 'isToReconcile',
        by: `(original, view, node, decision) =>
          original(view, node, {
            ...decision,
            verdicts: decision.verdicts.filter(({ want }) => want !== 'release'),
          }) && decision.verdicts.some(({ want }) => want !== 'release')`,
      },
    ],
    only: '/swallowed',
  },
  {
    name: 'L4: pods are read before ledgers',
    replaced: [
      {
        name: 'readNode',
        by: `async (original, access, asked, signal) => {
          const pods = await access.kubernetes.listPods({ node: asked.node, signal });
          const kubernetes = { ...access.kubernetes, listPods: async () => pods };
          return original({ ...access, kubernetes }, asked, signal);
        }`,
      },
    ],
    tests: ['schedules/read-order.test.ts'],
  },
  {
    name: 'L5: nothing is written before EC2 is asked',
    replaced: [
      {
        name: 'ledgerWriter',
        by: '(original, ...given) => ({ ...original(...given), before: async () => true })',
      },
    ],
    only: 'guide/',
  },
  {
    name: 'L5: a ledger is written whoever wrote it since it was read',
    replaced: [
      {
        name: 'ledgerWriter',
        by: `(original, access, ...given) => {
          const { kubernetes } = access;
          const writeLedger = async (ledger, ...more) => {
            const written = await kubernetes.writeLedger(ledger, ...more);
            if (written.kind !== 'conflict') return written;
            const now = await kubernetes.readLedger(ledger.eniId);
            if (now.kind !== 'ledger') return now;
            return kubernetes.writeLedger({ ...ledger, version: now.ledger.version }, ...more);
          };
          return original({ ...access, kubernetes: { ...kubernetes, writeLedger } }, ...given);
        }`,
      },
    ],
    tests: ['shared/apply/ledger-writer.test.ts'],
  },
  {
    name: 'L6: an entry that is assigned is turned back',
    replaced: [
      {
        name: 'assigningFor',
        by: "(original, claim, entry, now) => original(claim, entry && { ...entry, state: 'assigning' }, now)",
      },
    ],
    tests: ['shared/plan/entries.test.ts'],
  },
  {
    name: 'L6: what is about to be assigned is not written down',
    replaced: [{ name: 'record', beside: 'tookOf', by: 'async () => {}' }],
    only: 'guide/',
  },
  {
    name: 'L6: what EC2 refuses stays in the ledger',
    replaced: [
      {
        name: 'refusedOf',
        beside: 'tookOf',
        by: `(original, acting, wanted, problem) =>
          original({ ...acting, writer: { ...acting.writer, settle() {} } }, wanted, problem)`,
      },
    ],
    tests: ['shared/apply/act.test.ts'],
  },
  {
    name: 'L7: what the read shows is kept, whatever the ledger says',
    replaced: [
      { name: 'keepOn', by: '(original, ...given) => ({ ...original(...given), again: false })' },
    ],
    tests: ['shared/apply/act.test.ts', 'shared/plan/decision-table.test.ts'],
  },
  {
    name: 'L8: an entry stays if nobody claims its address and EC2 does not show it',
    replaced: [
      {
        name: 'outdatedEntries',
        by: `(original, ...given) =>
          new Map([...original(...given)].filter(([, entry]) => entry === undefined))`,
      },
    ],
    tests: ['shared/plan/entries.test.ts'],
  },
  {
    name: 'L9: a tombstone goes at once',
    replaced: [
      {
        name: 'outdatedEntries',
        by: `(original, ledger, eni, basis) =>
          original(ledger, eni, { ...basis, enisReadAt: Number.POSITIVE_INFINITY })`,
      },
    ],
    only: 'guide/',
  },
  {
    name: 'L9: a tombstone that is old when it is written goes, and not when the ENIs were read',
    replaced: [
      {
        name: 'outdatedEntries',
        by: `(original, ledger, eni, basis) =>
          original(ledger, eni, { ...basis, enisReadAt: basis.now })`,
      },
    ],
    tests: ['shared/plan/entries.test.ts'],
  },
  {
    name: 'L10: what EC2 answers is not written down',
    replaced: [
      {
        name: 'ledgerWriter',
        by: '(original, ...given) => ({ ...original(...given), after: async () => {} })',
      },
    ],
    only: 'guide/',
  },
  {
    name: 'L10: what another execution wrote meanwhile does not matter',
    replaced: [
      {
        name: 'settledEntries',
        by: `(original, _written, current, settled, now) =>
          original(current, current, settled, now)`,
      },
    ],
    tests: ['shared/apply/ledger-writer.test.ts'],
  },
  {
    name: 'L11: the oldest of several namespaces adopts what no ledger has',
    replaced: [{ name: 'unrecordedOf', by: '() => undefined' }],
    tests: ['shared/plan/adoption.test.ts'],
  },
  {
    name: 'L11: what is claimed on another ENI is taken from there though no ledger has it',
    replaced: [
      {
        name: 'decideTakeOver',
        by: `(original, contested) => {
          const decided = original(contested);
          return decided.why === 'not-recorded' ? { kind: 'take' } : decided;
        }`,
      },
    ],
    only: 'addresses assigned by hand/',
  },
  {
    name: 'L12: whom the ledger names does not matter',
    replaced: [
      {
        name: 'whereaboutsOf',
        by: '(original, ...given) => ({ ...original(...given), holds: () => false })',
      },
    ],
    tests: ['shared/plan/holder.test.ts'],
  },
  {
    name: 'L12: a terminating pod holds what is only being assigned to it',
    replaced: [
      {
        name: 'whereaboutsOf',
        by: `(original, ledgers, enis, { address, claimants }) => {
          const lives = claimants.map((each) => ({ ...each, terminating: false }));
          const found = original(ledgers, enis, { address, claimants: lives });
          return { ...found, holds: (each) => found.holds({ ...each, terminating: false }) };
        }`,
      },
    ],
    tests: ['shared/plan/holder.test.ts'],
  },
  {
    name: 'L13: whom its condition names holds an address',
    replaced: [
      {
        name: 'claimsOf',
        beside: 'missedBy',
        by: `(original, pod, given) => {
          const claimed = original(pod, given);
          const said = [...(pod.condition?.message ?? '').matchAll(/([0-9.]+) on (eni-[0-9a-f]+)/g)];
          const toldOn = (address) => said.filter((each) => each[1] === address).map((each) => each[2]);
          const told = (claim) => ({ ...claim, recordedOn: toldOn(claim.address) });
          return claimed && { ...claimed, claims: claimed.claims.map(told) };
        }`,
      },
      {
        name: 'whereaboutsOf',
        by: `(original, ...given) => {
          const found = original(...given);
          const holds = ({ recordedOn }) => found.having.some(({ id }) => recordedOn.includes(id));
          return { ...found, holds };
        }`,
      },
    ],
    tests: ['shared/apply/conditions.test.ts'],
  },
  {
    name: 'L13: a condition says what an annotation that cannot be read claims',
    replaced: [
      {
        name: 'claimsOf',
        beside: 'missedBy',
        by: `(original, pod, { recorded, ...others }) => {
          const said = [...(pod.condition?.message ?? '').matchAll(/([0-9.]+) on (eni-[0-9a-f]+)/g)];
          const told = said.map(([, address, eniId]) => ({ address, eniId, releasing: false }));
          const all = [...(recorded?.get(pod.uid) ?? []), ...told];
          return original(pod, { ...others, recorded: new Map([[pod.uid, all]]) });
        }`,
      },
    ],
    tests: ['shared/apply/conditions.test.ts'],
  },
  {
    name: 'L14: the ledger of the ENI that was taken from is not marked',
    replaced: [
      {
        name: 'ledgerWriter',
        by: '(original, ...given) => ({ ...original(...given), mark: async () => {} })',
      },
    ],
    tests: ['shared/apply/ledger-writer.test.ts'],
  },
  {
    name: 'L14: the node that was taken from is not told',
    replaced: [
      {
        name: 'tellLosers',
        by: `(original, scope, acted) => original(scope, { ...acted, unassignedFrom: new Set() })`,
      },
    ],
    tests: ['schedules/take-over.test.ts'],
  },
  {
    name: 'L15: a ledger that cannot be used passes for an empty one',
    replaced: [{ name: 'isUsable', by: '() => true' }],
    tests: ['shared/plan/without-ledger.test.ts'],
  },
  {
    name: 'L15: take-overs go on without a ledger',
    replaced: [{ name: 'isUsable', by: '() => true' }],
    only: '/forbid',
  },
  {
    name: 'L16: a ledger goes at the first sweep that does not see its ENI',
    replaced: [{ name: 'isMarked', beside: 'forgetLedgers', by: '() => true' }],
    tests: ['functions/forget-ledgers.test.ts'],
  },
  {
    name: 'L17: a read counts more than what EC2 has just answered',
    replaced: [{ name: 'correctedBy', by: '(original, _ledgers, enis) => [...enis]' }],
    tests: ['shared/plan/old-reads.test.ts'],
  },
];
