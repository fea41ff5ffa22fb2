import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { type Message, parseMessage } from '../../shared/messages/schema.ts';
import type { Sqs } from '../../shared/messages/sqs.ts';
import { EXIT } from '../exit-code.ts';
import { count, type Output } from '../output.ts';
import { asReplay, sendBatches } from './send.ts';

export interface FileOptions {
  readonly sqs: Sqs;
  readonly queueUrl: string;
  readonly paths: readonly string[];
  readonly output: Output;
}

/** The part of Lambda's SQS event that is sent; the rest belongs to the receive it was saved from. */
const sqsEvent = z.object({ Records: z.array(z.object({ body: z.string() })).min(1) });

/**
 * Sends the messages of event files, which are of the shape of `events/*.json`. Of a file that is
 * no such event nothing is sent; the other files are.
 *
 * @returns the exit code.
 * @throws Failed if SQS refuses.
 */
export async function replayFiles(options: FileOptions): Promise<number> {
  const { output, paths } = options;
  const files: { path: string; sent?: number; error?: string }[] = [];
  const refusals: string[] = [];
  for (const path of paths) {
    const read = await readEvent(path);
    if (!read.ok) {
      files.push({ path, error: read.detail });
      output.warn(`${path}: ${read.detail}: nothing was sent from it`);
      continue;
    }
    let sent = 0;
    const replays = read.messages.map((message) => ({ message: asReplay(message) }));
    for await (const { accepted, refused } of sendBatches(options, replays)) {
      sent += accepted.length;
      for (const why of refused.values())
        refusals.push(`${path}: a message was not accepted: ${why}`);
    }
    files.push({ path, sent });
    output.line(`${path}: sent ${count(sent, 'message')}.`);
  }
  output.result({ queueUrl: options.queueUrl, files, refused: refusals });
  for (const line of refusals) output.warn(line);
  if (files.some(({ error }) => error !== undefined)) return EXIT.badInput;
  return refusals.length > 0 ? EXIT.failed : EXIT.ok;
}

type ReadEvent =
  | { readonly ok: true; readonly messages: readonly Message[] }
  | { readonly ok: false; readonly detail: string };

async function readEvent(path: string): Promise<ReadEvent> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return { ok: false, detail: `can't be read as JSON (${said})` };
  }
  const event = sqsEvent.safeParse(json);
  if (!event.success) {
    const issue = event.error.issues[0];
    return {
      ok: false,
      detail: `no SQS event: ${issue?.path.join('.') || 'file'}: ${issue?.message}`,
    };
  }
  const messages: Message[] = [];
  for (const [index, { body }] of event.data.Records.entries()) {
    const parsed = parseMessage(body);
    if (!parsed.ok) return { ok: false, detail: `Records.${index}.body: ${parsed.detail}` };
    messages.push(parsed.message);
  }
  return { ok: true, messages };
}
