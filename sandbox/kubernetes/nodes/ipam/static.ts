import * as z from 'zod';
import { readAddress, readCidr } from './addresses.ts';
import { CniError, type Ipam } from './ipam.ts';

const ipamSchema = z.object({
  addresses: z.array(z.object({ address: z.string() })).default([]),
});

/**
 * The static plugin: the addresses of its configuration, or else those that the pod
 * asks for; it keeps no account of them. https://www.cni.dev/plugins/current/ipam/static/
 */
export function createStatic(): Ipam {
  return {
    allocate({ ipam, requested }) {
      const configured = ipamSchema.parse(ipam).addresses.map(({ address }) => address);
      const chosen = requested.length > 0 ? requested : configured;
      if (chosen.length === 0) throw new CniError('static: no address is configured or asked for');
      return chosen.map((text) => {
        if (!text.includes('/')) {
          throw new CniError(
            `the 'address' field is expected to be in CIDR notation, got: '${text}'`,
          );
        }
        readCidr(text);
        return readAddress(text.split('/')[0] ?? '');
      });
    },
    release() {},
  };
}
