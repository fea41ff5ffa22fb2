import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Has the operator's browser show an address; where there is none, the address is on the screen. The
 * browser is started with a file of the operator's alone that leads there: whoever has an account on the
 * machine sees what programs are started with.
 *
 * @returns what takes the file away again.
 */
export async function openInBrowser(url: string): Promise<() => Promise<void>> {
  // Its mode is 0700.
  const folder = await mkdtemp(join(tmpdir(), 'multus-eni-map-'));
  const file = join(folder, 'map.html');
  const page = `<!doctype html><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0; url=${url}">`;
  await writeFile(file, page, { mode: 0o600 });
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const child = spawn(program, [file], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
  return () => rm(folder, { recursive: true, force: true });
}
