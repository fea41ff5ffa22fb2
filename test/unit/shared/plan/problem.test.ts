import { describe, expect, it } from 'vitest';
import { tooManyAddresses } from '../../../../shared/claims/claim.ts';
import {
  describeProblem,
  type HeldElsewhere,
  type Problem,
} from '../../../../shared/plan/problem.ts';
import { address } from './fixtures.ts';

const pod = { namespace: 'default', name: 'p', uid: 'uid-p' };
const about = { pod, address: address('172.16.1.70') };
const at = { eniId: 'eni-1', subnetId: 'subnet-1' };

describe('the text of a problem says what is wrong and what to do', () => {
  const elsewhere = (why: HeldElsewhere) =>
    ({ ...about, kind: 'held-elsewhere', eniId: 'eni-9', why }) as const;
  const holder = { pod: { namespace: 'ns', name: 'h', uid: 'u' }, node: 'node-b', eniId: 'eni-9' };
  const cases: readonly (readonly [Problem, readonly RegExp[]])[] = [
    [{ ...about, kind: 'eni-untagged', eniId: 'eni-1', tag: 'k=v' }, [/eni-1/, /Tag it k=v/]],
    [{ ...about, kind: 'eni-ambiguous', eniIds: ['eni-1', 'eni-3'] }, [/eni-1 or eni-3/, /master/]],
    [{ ...about, kind: 'eni-not-seen', device: 'eth2' }, [/at eth2/, /attach it/, /\/ignore/]],
    [{ ...about, kind: 'outside-subnet', ...at }, [/subnet-1/, /eni-1/, /Correct the range/]],
    [{ ...about, kind: 'reserved', ...at }, [/AWS reserves/, /subnet-1/, /Leave them out/]],
    [{ ...about, kind: 'primary', eniId: 'eni-1' }, [/primary address of eni-1/, /Leave it out/]],
    [{ ...about, kind: 'eni-full', eniId: 'eni-1' }, [/eni-1/, /larger instance type/]],
    [{ ...about, kind: 'conflict', holder }, [/pod ns\/h/, /node node-b \(eni-9\)/, /whereabouts/]],
    [elsewhere('not-our-eni'), [/eni-9/, /no managed ENI/, /Choose another address/]],
    [elsewhere('delegated-prefix'), [/eni-9/, /prefix/, /Leave the prefix out/]],
    [elsewhere('not-recorded'), [/eni-9/, /no ENILedger/, /Unassign it/, /ledger adopt/]],
    [elsewhere('no-ledger'), [/eni-9/, /cannot be read or written/, /doctor/]],
    [
      { ...about, kind: 'unrecorded', eniId: 'eni-9' },
      [/eni-9/, /several namespaces/, /Let pods of one namespace/],
    ],
    [elsewhere('policy'), [/eni-9/, /release policy/]],
    [{ ...about, kind: 'outside-configured-ranges' }, [/configured/, /widen/]],
    [
      { ...about, kind: 'other-namespaces', block: '10.0.8.0/24', namespaces: ['core', 'ims-*'] },
      [/10\.0\.8\.0\/24/, /core, ims-\*/, /setting namespaces/],
    ],
    [{ ...about, kind: 'floating-outside-ranges' }, [/floating/, /multus-eni\.dev\/ranges/]],
    [{ ...about, kind: 'refused', eniId: 'eni-1', answer: 'No.' }, [/eni-1/, /No\./]],
    [
      { pod, kind: 'unreadable-annotation', annotation: 'a.b/c', detail: 'not JSON' },
      [/a\.b\/c/, /not JSON/, /correct the annotation/],
    ],
    [{ pod, ...tooManyAddresses('a.b/c') }, [/a\.b\/c/, /more than 1000/, /claim fewer/]],
  ];
  it.each(cases)('$0.kind', (problem, parts) => {
    const text = describeProblem(problem);
    for (const part of parts) expect(text).toMatch(part);
    expect(text).not.toMatch(/\n|undefined/);
  });
});
