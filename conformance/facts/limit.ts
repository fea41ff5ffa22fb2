import { answerOf, assignByCount } from '../calls.ts';
import type { Check } from '../check.ts';
import { emptied, READS, readUntil } from '../lab.ts';
import { ASSIGN } from './sources.ts';

/** More than an ENI of any instance type takes (EC2 User Guide, "IP addresses per network interface"). */
const TOO_MANY = 60;
const FULL = 'PrivateIpAddressLimitExceeded';

export const LIMITS: readonly Check[] = [
  {
    id: 'limit-detached',
    fact: `${TOO_MANY} more addresses at once, on an ENI that is attached to nothing`,
    expected: `${FULL}, read as eni-full, and nothing is done; or accepted: its limit is that of its instance`,
    source: ASSIGN,
    restsOn: 'shared/apply/all-or-nothing.ts',
    calls: 2 + 3 * READS,
    async run(lab) {
      await emptied(lab);
      const id = lab.id('b');
      const answer = await answerOf([], () => assignByCount(lab, id, 4, TOO_MANY));
      const has = answer.kind === 'accepted' ? TOO_MANY : 0;
      const enis = await readUntil(lab, (read) => read.get(id)?.secondary.length === has);
      const count = enis.get(id)?.secondary.length ?? 0;
      if (answer.kind === 'accepted') {
        return { asExpected: count === has, seen: `accepted; it has ${count}` };
      }
      const { code, text, refusal } = answer;
      return {
        // A small subnet may not have as many: that says nothing of the ENI.
        asExpected: count === has && (refusal?.kind === 'eni-full' || /Insufficient/.test(code)),
        seen: `${code}: "${text}", read as ${refusal?.kind ?? 'other'}; it has ${count}`,
      };
    },
  },
];
