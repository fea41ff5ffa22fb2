import type { Sqs } from '../../../shared/messages/sqs.ts';
import type { Subject, Telemetry } from '../../../shared/telemetry.ts';
import { pauseAfter } from '../../../shared/time/back-off.ts';
import type { Clock, Random } from '../../../shared/time/clock.ts';
import { withDeadline } from '../../../shared/time/deadline.ts';
import type { Envelope } from './records.ts';
import { setVisibility } from './visibility.ts';

/** In seconds. With so little jitter, 100 receives cover more than an hour. */
const BACK_OFF = { first: 1, most: 60, jitter: 0.2 };
/**
 * How long a batch waits for this call. It is the batch's last one, and the batch must still answer in
 * time.
 */
const TIMEOUT_MS = 2_000;

/** The delay in whole seconds before the receive after `receives`: doubling from 1 to 60, with jitter. */
export function delaySeconds(receives: number, random: Random): number {
  return Math.max(1, Math.round(pauseAfter(receives, BACK_OFF, random)));
}

interface BackingOff {
  readonly sqs: Sqs;
  readonly queueUrl: string;
  readonly random: Random;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/**
 * Makes failed messages of one group visible again after one and the same short delay: one message in
 * flight blocks its group. A failure is logged. The messages come back all the same, once the time for
 * which they were held is over.
 *
 * @param seconds how long, if that is known, and a minute at most. Otherwise the delay doubles with
 * each try of the newest message. So news of other pods does not wait as long as a message that has
 * failed for minutes.
 */
export async function backOff(
  { sqs, queueUrl, random, clock, telemetry }: BackingOff,
  envelopes: readonly Envelope[],
  subject: Subject,
  seconds?: number,
): Promise<void> {
  if (envelopes.length === 0) return;
  const receives = envelopes.map(({ attributes }) => attributes.ApproximateReceiveCount);
  const delay = Math.min(BACK_OFF.most, seconds ?? delaySeconds(Math.min(...receives), random));
  try {
    const refusals = await withDeadline(clock, TIMEOUT_MS, undefined, (signal) =>
      setVisibility(sqs, queueUrl, envelopes, delay, signal),
    );
    for (const [{ messageId }, { code, detail }] of refusals) {
      const why = { messageId, code, detail };
      telemetry.warn('the back-off of a failed message was not set', subject, why);
    }
  } catch (error) {
    telemetry.error('the back-off of failed messages was not set', subject, error);
  }
}
