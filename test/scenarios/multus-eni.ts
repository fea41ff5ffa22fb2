import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { Stage } from '../support/stage.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { operate } from '../unit/cli/operator-bed.ts';

/** What an operator types in front of the stage. */
export async function multusEni({ operator }: Stage) {
  const folder = await temporaryFolder();
  const KUBECONFIG = join(folder, 'kubeconfig');
  await writeFile(KUBECONFIG, operator.kubeconfig);
  for (const [name, value] of Object.entries(operator.environment)) vi.stubEnv(name, value);
  return async (line: string) => {
    const environment = { HOME: folder, KUBECONFIG };
    const { code, stdout, stderr } = await operate(line.split(' '), { environment });
    return { code, text: stdout.replaceAll(/\s+/g, ' '), stderr };
  };
}
