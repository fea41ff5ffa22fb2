/** What a command printed, and how it ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Streams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** Runs a command in this process, with what it prints kept. */
export async function ended(run: (streams: Streams) => Promise<number>): Promise<Ended> {
  const printed = { stdout: '', stderr: '' };
  const code = await run({
    stdout: { write: (text) => (printed.stdout += text) },
    stderr: { write: (text) => (printed.stderr += text) },
  });
  return { code, ...printed };
}
