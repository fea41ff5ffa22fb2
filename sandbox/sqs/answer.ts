import { randomUUID } from 'node:crypto';
import { SqsError, type SqsErrorType } from './errors.ts';
import { type Call, OPERATIONS } from './protocol.ts';

/** An HTTP response of the AWS JSON 1.0 protocol. */
export interface Answer {
  readonly outcome: 'ok' | SqsErrorType;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Does what a request asks for.
 *
 * @param action of the header `x-amz-target`.
 * @param body the request's JSON.
 * @returns what is to be answered. @throws SqsError, or rejects with it.
 */
export function operate(action: string, body: string, call: Call): unknown {
  const run = OPERATIONS.get(action);
  if (run !== undefined) return run(parse(body), call);
  throw new SqsError('InvalidAction', `The action ${action} is not valid for this endpoint.`);
}

/** The answer to a request for which `work` does something; a refusal is an answer too. */
export async function answerOf(work: () => unknown): Promise<Answer> {
  try {
    const result = await work();
    return { outcome: 'ok', status: 200, headers: headers(), body: JSON.stringify(result ?? {}) };
  } catch (error) {
    if (!(error instanceof SqsError)) throw error;
    return refusal(error);
  }
}

function refusal({ type, queryCode, status, message }: SqsError): Answer {
  // SDKs that came from the query protocol take the error's code from here.
  const queryError = `${queryCode};${status < 500 ? 'Sender' : 'Receiver'}`;
  return {
    outcome: type,
    status,
    headers: { ...headers(), 'x-amzn-query-error': queryError },
    body: JSON.stringify({ __type: `com.amazonaws.sqs#${type}`, message }),
  };
}

function headers(): Record<string, string> {
  return { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': randomUUID() };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new SqsError('SerializationException', `not JSON: ${error}`);
  }
}
