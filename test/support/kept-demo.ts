import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, vi } from 'vitest';

const MAIN = new URL('../../demo/main.ts', import.meta.url).pathname;
/** The last line of what it prints. */
const PLAYED = 'sandbox/README.md';
/** Some seconds, if the machine does nothing else. */
const PLAYS = { timeout: 120_000, interval: 50 };

/** The demo, as `npm run demo -- --keep` leaves it. */
export interface KeptDemo {
  /** Where its map is served. */
  readonly map: string;
  /** The variables that it says to export, KUBECONFIG among them. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Plays the demo in a process of its own, which ends with the running test. */
export async function keptDemo(): Promise<KeptDemo> {
  const child = spawn(process.execPath, [MAIN, '--keep'], {
    env: { PATH: process.env.PATH, NODE_OPTIONS: process.env.NODE_OPTIONS },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await exited;
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  const ended = () => child.exitCode !== null || text.includes(PLAYED);
  await vi.waitFor(() => expect(ended()).toBe(true), PLAYS);
  if (!text.includes(PLAYED)) throw new Error(`the demo ended: ${text}`);
  const [, kept = ''] = text.split('Where everything is:');
  const [map = ''] = /http:\S+/.exec(kept) ?? [];
  const exported = kept.matchAll(/(?:export )?\b([A-Z][A-Z0-9_]+)=(\S+)/g);
  return { map, environment: Object.fromEntries([...exported].map(([, ...pair]) => pair)) };
}
