import { check } from '../expect.ts';
import type { Step } from '../step.ts';

const GATEWAY = '172.16.1.1';

/** Where pods run programs. */
export const pinged: Step = {
  name: `sampleapp-2 pings ${GATEWAY}, as the guide does: no packet is lost`,
  async run({ cluster }) {
    const command = ['ping', '-c', '3', '-W', '1', GATEWAY];
    const said = (await cluster.exec?.('sampleapp-2', command)) ?? '';
    const [loss = said] = /\d+% packet loss/.exec(said) ?? [];
    check('what ping says', '0% packet loss', loss);
    return [`kubectl exec sampleapp-2 -- ${command.join(' ')}`, ...said.trim().split('\n')];
  },
};
