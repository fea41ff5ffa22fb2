import { GetParametersCommand } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import { ownerName } from '../../../shared/control.ts';
import type { StageClients } from './clients.ts';

const found = z.array(z.object({ Value: z.string() })).default([]);

/**
 * The stage that serves a cluster.
 *
 * @returns `undefined` if none says so, as a version before did not.
 * @throws what SSM refuses with.
 */
export async function readOwner(
  ssm: StageClients['ssm'],
  cluster: string,
): Promise<string | undefined> {
  const { Parameters } = await ssm.send(new GetParametersCommand({ Names: [ownerName(cluster)] }));
  return found.parse(Parameters)[0]?.Value;
}
