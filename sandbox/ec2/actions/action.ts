import type * as z from 'zod';
import { Ec2Error } from '../errors.ts';
import type { IdMaker } from '../ids.ts';
import type { State } from '../model.ts';
import { flag, parseRequest } from '../query.ts';
import type { Xml } from '../xml.ts';

/** What an action sees. */
export interface View {
  readonly state: State;
  /** What DescribeNetworkInterfaces sees: an older state while it lags behind. */
  readonly lagging: State;
  readonly ids: IdMaker;
  readonly account: string;
  readonly region: string;
}

/** What an action answers and, if it changes something, the state after it. */
export interface ActionOutcome {
  readonly answer: Xml;
  readonly state?: State;
}

/** @throws Ec2Error, and then nothing of the call is done. */
export type Action = (params: Record<string, unknown>, view: View) => ActionOutcome;

/** The parameter of the actions that can be tried without effect. */
export const dryRun = { DryRun: flag.default(false) };

export function defineAction<T>(
  schema: z.ZodType<T>,
  run: (request: T, view: View) => ActionOutcome,
): Action {
  return (params, view) => {
    const outcome = run(parseRequest(schema, params), view);
    if (params.DryRun !== 'true') return outcome;
    const message = 'Request would have succeeded, but DryRun flag is set.';
    throw new Ec2Error('DryRunOperation', message, 412);
  };
}
