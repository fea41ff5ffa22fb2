import * as z from 'zod';
import { CniError } from './ipam/ipam.ts';

/** One network that a pod asks for. */
export interface NetworkSelection {
  readonly namespace: string;
  readonly name: string;
  /** `net1`, `net2`, … by position if the pod names none. */
  readonly interface: string;
  readonly ips: readonly string[];
  readonly mac?: string | undefined;
}

const listSchema = z.array(
  z.object({
    name: z.string(),
    namespace: z.string().optional(),
    interface: z.string().optional(),
    ips: z.array(z.string()).default([]),
    mac: z.string().optional(),
  }),
);

function readItem(text: string): z.input<typeof listSchema>[number] {
  const parsed = /^(?:([a-z0-9-]+)\/)?([a-z0-9-]+)(?:@([^\s/@]{1,15}))?$/.exec(text.trim());
  if (parsed === null) throw new CniError(`parsePodNetworkAnnotation: mismatch @ '${text}'`);
  const [, namespace, name = '', interfaceName] = parsed;
  return { name, namespace, interface: interfaceName };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CniError(`parsePodNetworkAnnotation: failed to parse JSON format: ${error}`);
  }
}

/**
 * Reads the annotation: `namespace/name@interface` with commas between, or a JSON list.
 *
 * @throws CniError or z.ZodError
 */
export function readNetworks(text: string | undefined, namespace: string): NetworkSelection[] {
  if (text === undefined || text.trim() === '') return [];
  const items = /[[{"]/.test(text) ? readJson(text) : text.split(',').map(readItem);
  return listSchema.parse(items).map((item, index) => ({
    namespace: item.namespace ?? namespace,
    name: item.name,
    interface: item.interface ?? `net${index + 1}`,
    ips: item.ips,
    mac: item.mac,
  }));
}
