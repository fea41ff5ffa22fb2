import type { Clock } from '../../shared/time/clock.ts';
import { type Look, unlessRefused } from '../access/access.ts';
import { EXIT } from '../exit-code.ts';
import { trying } from '../failure.ts';
import type { Output } from '../output.ts';
import { readView } from '../view/view.ts';
import { writePrivately } from '../write-file.ts';
import { mapOf } from './data.ts';
import { follow } from './follow.ts';
import { filePage, livePage } from './page.ts';
import { serveMap } from './server.ts';

/**
 * Writes the map of a cluster into one file.
 *
 * @returns the exit code.
 * @throws BadInput if the file cannot be written; Failed if the cluster cannot be read.
 */
export async function mapFileCommand(look: Look, file: string, output: Output): Promise<number> {
  const { access } = look;
  const view = await unlessRefused(access.cluster, () => readView(access, output.progress));
  const page = await filePage(mapOf(view, look));
  await writePrivately(file, page);
  output.result({ cluster: view.cluster, file, calls: look.calls() });
  output.line(`Wrote ${file}: the map of ${view.cluster}. It has names and addresses.`);
  return EXIT.ok;
}

export interface ServeOptions {
  readonly port?: number;
  readonly clock: Clock;
  readonly interrupted: () => AbortSignal;
  /** Shows an address to the operator, and gives what ends that; absent: nothing is opened. */
  readonly open?: (url: string) => Promise<() => Promise<void>>;
}

/**
 * Serves the map of a cluster on loopback until the operator has had enough.
 *
 * @returns the exit code for that.
 * @throws Failed if the cluster cannot be read at first, or the port cannot be had.
 */
export async function mapCommand(look: Look, options: ServeOptions, output: Output) {
  const { access } = look;
  const { clock, port, open } = options;
  const view = await unlessRefused(access.cluster, () => readView(access, output.progress));
  // Not sooner: until there is something to stop, Ctrl-C ends the process.
  const signal = options.interrupted();
  const page = await livePage();
  const server = await trying(`listen on port ${port ?? 'any'}`, () =>
    serveMap(mapOf(view, look), page, port),
  );
  let close = async (): Promise<void> => undefined;
  try {
    output.result({ cluster: view.cluster, url: server.url });
    output.line(`The map of ${view.cluster}, for browsers on this machine, until Ctrl-C:`);
    output.line(`  ${server.url}`);
    if (open !== undefined) close = await open(server.url);
    const follower = {
      read: (now: typeof view) => server.show(mapOf(now, look)),
      failed: (reason: string) => server.trouble(reason),
    };
    await follow(look, clock, follower, signal);
  } finally {
    await close();
    await server.stop();
  }
  return EXIT.interrupted;
}
