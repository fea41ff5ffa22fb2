import * as z from 'zod';
import type { RealNode } from '../cluster/node.ts';

const CNI = '/etc/cni/net.d';
const MULTUS = '00-multus.conf';

const configuration = z.looseObject({
  cniVersion: z.string(),
  delegates: z.tuple([z.looseObject({ name: z.string() })]),
});

/**
 * Leaves a node with the default network alone, as the VPC CNI writes it: as before Multus comes.
 *
 * @returns what brings Multus back.
 */
export async function takeMultus(node: RealNode): Promise<() => Promise<void>> {
  const multus = await node.run(['cat', `${CNI}/${MULTUS}`]);
  const { cniVersion, delegates } = configuration.parse(JSON.parse(multus));
  const [{ name, ...plugin }] = delegates;
  const alone = JSON.stringify({ cniVersion, name, plugins: [plugin] });
  await write(node, '10-aws.conflist', alone);
  await node.run(['rm', `${CNI}/${MULTUS}`]);
  return () => write(node, MULTUS, multus);
}

/** At once, as the container runtime watches the folder. */
async function write(node: RealNode, file: string, text: string): Promise<void> {
  const bytes = Buffer.from(text).toString('base64');
  const path = `${CNI}/${file}`;
  await node.run(['sh', '-ec', `echo ${bytes} | base64 -d > ${path}.new; mv ${path}.new ${path}`]);
}
