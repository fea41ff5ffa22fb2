import type * as z from 'zod';
import type { State } from '../model.ts';
import { parseRequest } from '../query.ts';
import type { Xml } from '../xml.ts';

/** What an action sees. */
export interface View {
  readonly state: State;
  /** What DescribeNetworkInterfaces sees: an older state while it lags behind. */
  readonly lagging: State;
  readonly account: string;
  readonly region: string;
}

/** What an action answers and, where it changes something, the state after it. */
export interface Outcome {
  readonly answer: Xml;
  readonly state?: State;
}

/** @throws Ec2Error, and then nothing of the call is done. */
export type Action = (params: Record<string, unknown>, view: View) => Outcome;

export function defineAction<T>(
  schema: z.ZodType<T>,
  run: (request: T, view: View) => Outcome,
): Action {
  return (params, view) => run(parseRequest(schema, params), view);
}
