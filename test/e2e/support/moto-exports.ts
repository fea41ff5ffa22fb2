import { createServer, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { type CloudFormationClient, ListExportsCommand } from '@aws-sdk/client-cloudformation';
import { parse } from 'yaml';
import * as z from 'zod';
import { listenOnLoopback } from '../../../sandbox/loopback.ts';
import { passOn } from '../../support/pass-on.ts';

const template = z.looseObject({
  Parameters: z.record(z.string(), z.looseObject({ Default: z.unknown().optional() })).default({}),
});
const computedName = z.strictObject({
  'Fn::ImportValue': z.strictObject({ 'Fn::Sub': z.string() }),
});

/** moto's endpoint, for whoever deploys by change sets, as `aws cloudformation deploy` does. */
export interface WithExports {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * Stands in front of moto and does the one thing that it lacks there. moto 5.2.5 gives a stack that a change
 * set makes none of the account's exports: ExecuteChangeSet says "No export named … found" of one that
 * ListExports has. So `Fn::ImportValue` in the template of a change set is replaced by what ListExports says;
 * of an export that is not there nothing is replaced. All else passes unchanged.
 */
export async function startWithExports(
  moto: string,
  cloudFormation: CloudFormationClient,
): Promise<WithExports> {
  const server = createServer(async (request, answer) => {
    const body = await buffer(request);
    passOn(new URL(moto), request, answer, await imported(request, body, cloudFormation));
  });
  const { port, stop } = await listenOnLoopback(server);
  return { endpoint: `http://127.0.0.1:${port}`, stop };
}

async function imported(
  { headers }: IncomingMessage,
  body: Buffer,
  cloudFormation: CloudFormationClient,
): Promise<Buffer> {
  const form = new URLSearchParams(body.toString('utf8'));
  if (form.get('Action') !== 'CreateChangeSet') return body;
  const text = form.get('TemplateBody') ?? '';
  const { Exports = [] } = await cloudFormation.send(new ListExportsCommand({}));
  const values = new Map(Exports.map(({ Name, Value }) => [Name, Value]));
  const read = template.parse(parse(text, { version: '1.1' }));
  const given = parametersOf(form);
  const nameOf = (written: string): string =>
    written.replaceAll(/\$\{(\w+)\}/g, (_, key: string) =>
      String(given.get(key) ?? read.Parameters[key]?.Default),
    );
  const replaced = (value: unknown): unknown => {
    const name = computedName.safeParse(value).data?.['Fn::ImportValue']['Fn::Sub'];
    if (name !== undefined) return values.get(nameOf(name)) ?? value;
    if (Array.isArray(value)) return value.map(replaced);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, replaced(each)]));
  };
  form.set('TemplateBody', JSON.stringify(replaced(read)));
  const changed = Buffer.from(form.toString());
  headers['content-length'] = String(changed.length);
  return changed;
}

/** "Parameters.member.1.ParameterKey=…" of the query protocol. */
function parametersOf(form: URLSearchParams): ReadonlyMap<string, string> {
  const keys = [...form].filter(([name]) => /^Parameters\.member\.\d+\.ParameterKey$/.test(name));
  return new Map(
    keys.flatMap(([name, key]) => {
      const value = form.get(name.replace(/Key$/, 'Value'));
      return value === null ? [] : [[key, value] as const];
    }),
  );
}
