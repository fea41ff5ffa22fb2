import * as z from 'zod';
import { CniError } from './ipam/ipam.ts';

const pluginSchema = z.looseObject({
  type: z.string(),
  name: z.string().optional(),
  master: z.string().optional(),
  device: z.string().optional(),
  ipam: z.looseObject({ type: z.string() }).optional(),
});
const configSchema = z.union([
  z.looseObject({ name: z.string().optional(), plugins: z.array(pluginSchema).min(1) }),
  pluginSchema,
]);

/** What the stand-in for Multus needs of a NetworkAttachmentDefinition's `spec.config`. */
export interface NetworkConfig {
  readonly type: string;
  readonly name?: string | undefined;
  readonly master?: string | undefined;
  readonly device?: string | undefined;
  readonly ipam?: { readonly type: string } | undefined;
}

/**
 * Reads `spec.config`: a single plugin, or a list whose first plugin makes the interface.
 *
 * @throws CniError
 */
export function readNetworkConfig(text: string): NetworkConfig {
  try {
    const config = configSchema.parse(JSON.parse(text));
    const plugins = z.array(pluginSchema).safeParse(config.plugins);
    const [first] = plugins.success ? plugins.data : [];
    return { ...pluginSchema.parse(first ?? config), name: config.name };
  } catch (error) {
    throw new CniError(`error parsing the network's configuration: ${error}`);
  }
}
