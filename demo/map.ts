import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as z from 'zod';
import { isolated } from './isolated.ts';

const MAIN = new URL('../cli/main.ts', import.meta.url).pathname;
const ENDS_WITH_PARENT = new URL('./ends-with-parent.ts', import.meta.url).href;

const told = z.object({ url: z.url() });

/** The map as an operator serves it, by a process of its own. */
export interface ServedMap {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts `multus-eni map` for a cluster. It ends with this process at the latest.
 *
 * @throws an Error with what it said, if it ended instead.
 */
export async function serveMap(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<ServedMap> {
  const program = [`--import=${ENDS_WITH_PARENT}`, MAIN, 'map', '--json', '--no-open', ...args];
  const child = spawn(process.execPath, program, {
    env: isolated(environment),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const exited = once(child, 'exit');
  let output = '';
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const { promise: url, resolve } = Promise.withResolvers<string>();
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    // One object, which ends in a brace of its own line.
    if (/^\}$/m.test(output)) resolve(told.parse(JSON.parse(output)).url);
  });
  const ended = exited.then(() => {
    throw new Error(`the map ended: ${said.trim()}`);
  });
  ended.catch(() => undefined);
  return {
    url: await Promise.race([url, ended]),
    async stop() {
      // It ends with its parent, and takes this for that.
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
