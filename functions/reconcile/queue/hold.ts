import { CodedError } from '../../../shared/errors.ts';
import type { Sqs } from '../../../shared/messages/sqs.ts';
import type { Clock } from '../../../shared/time/clock.ts';
import { withDeadline } from '../../../shared/time/deadline.ts';
import type { Envelope } from './records.ts';
import { setVisibility, type VisibilityRefusal } from './visibility.ts';

/** A renewal that takes longer (ms) has failed. */
const RENEWAL_TIMEOUT_MS = 10_000;
/**
 * How long messages stay invisible beyond the node's deadline. A reconcile takes a moment to end, and
 * its last call takes another to arrive.
 */
const MARGIN_MS = 30_000;

/** Others may have these messages by now: for their node, this execution must not write. */
export class ExpiredReceiptError extends CodedError {
  override readonly name = 'ExpiredReceiptError';
  readonly errorCode = 'expired-receipt';
  readonly envelopes: readonly Envelope[];

  constructor(envelopes: readonly Envelope[], because: string) {
    super(`${envelopes.length} messages are no longer this execution's: ${because}`);
    this.envelopes = envelopes;
  }
}

/**
 * Resolves once it is known that nobody else gets these messages, nor others of their groups,
 * while this execution may write.
 *
 * @throws ExpiredReceiptError if others may have one of them; an Error if SQS did not say.
 */
export type Hold = (envelopes: readonly Envelope[]) => Promise<void>;

interface Renewing {
  readonly sqs: Sqs;
  readonly queueUrl: string;
  readonly clock: Clock;
}

const NONE: ReadonlyMap<Envelope, VisibilityRefusal> = new Map();

/**
 * Begins to renew the visibility of a batch's messages. Little of their visibility timeout may be left
 * when the function begins. Lambda retries a throttled invocation until that timeout is over (AWS
 * Lambda Developer Guide, "Backoff strategy for failed invocations").
 *
 * @param deadlineMs when the last reconcile of the batch is over, in milliseconds from now.
 */
export function hold(
  { sqs, queueUrl, clock }: Renewing,
  envelopes: readonly Envelope[],
  deadlineMs: number,
): Hold {
  const seconds = Math.ceil((deadlineMs + MARGIN_MS) / 1000);
  const renewal = withDeadline(clock, RENEWAL_TIMEOUT_MS, undefined, async (signal) =>
    envelopes.length === 0 ? NONE : setVisibility(sqs, queueUrl, envelopes, seconds, signal),
  );
  // It may fail before anybody asks.
  renewal.catch(() => undefined);
  return async (asked) => {
    const refusals = await renewal.catch((cause: unknown) => {
      throw new Error('the visibility of the messages could not be renewed', { cause });
    });
    const refused = asked.flatMap((envelope) => {
      const refusal = refusals.get(envelope);
      return refusal === undefined || wasNeverIssued(refusal) ? [] : [{ envelope, refusal }];
    });
    const [first] = refused;
    if (first === undefined) return;
    const because = `${first.refusal.code}: ${first.refusal.detail}`;
    const expired = refused.filter(({ refusal }) => refusal.senderFault);
    if (expired.length === 0) {
      throw new Error(`the visibility of a message could not be renewed: ${because}`);
    }
    throw new ExpiredReceiptError(
      expired.map(({ envelope }) => envelope),
      because,
    );
  };
}

/**
 * The receipt handle is none at all: the event was made by hand (docs/replay.md, "Without a
 * queue"), and no one else can have been handed its message. Of a handle that has expired SQS says
 * `InvalidParameterValue`, in a batch also `ReceiptHandleIsInvalid`, with another text
 * (https://repost.aws/knowledge-center/sqs-receipt-handle-error).
 */
function wasNeverIssued({ code, detail }: VisibilityRefusal): boolean {
  return code === 'ReceiptHandleIsInvalid' && /is not a valid receipt handle/.test(detail);
}
