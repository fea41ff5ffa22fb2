import { DeleteNetworkInterfaceCommand } from '@aws-sdk/client-ec2';
import { type Answer, assign, unassign } from '../calls.ts';
import type { Check, Seen } from '../check.ts';
import { type Lab, READS, readUntil } from '../lab.ts';
import { QUOTED } from './sources.ts';

const GONE = 'InvalidNetworkInterfaceID.NotFound';

/** Deletes ENI b, unless an earlier check did. */
async function withoutB(lab: Lab): Promise<string> {
  const NetworkInterfaceId = lab.id('b');
  if ((await lab.read()).has(NetworkInterfaceId)) {
    const options = { abortSignal: lab.signal };
    await lab.ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }), options);
    await readUntil(lab, (enis) => !enis.has(NetworkInterfaceId));
  }
  return NetworkInterfaceId;
}

function gone(answer: Answer): Seen {
  if (answer.kind === 'accepted') return { asExpected: false, seen: 'accepted' };
  const { code, text, refusal } = answer;
  return {
    asExpected: code === GONE && refusal === undefined,
    seen: `${code}: "${text}", read as ${refusal?.kind ?? 'other'}`,
  };
}

/** These come last: ENI b is no more. */
export const DELETED: readonly Check[] = (
  [
    ['assign', 'AssignPrivateIpAddresses', assign],
    ['unassign', 'UnassignPrivateIpAddresses', unassign],
  ] as const
).map(([id, action, call]) => ({
  id: `${id}-gone`,
  fact: `${action} on an ENI that is gone says so, and nothing of the addresses`,
  expected: `${GONE}, read as other`,
  source: QUOTED,
  restsOn: 'shared/enis/ec2-errors.ts',
  calls: 3 + READS,
  run: async (lab) => gone(await call(lab, await withoutB(lab), lab.free(1))),
}));
