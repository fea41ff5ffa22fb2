import type { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type VirtualClock, virtualClock } from '../../../sandbox/clock.ts';
import { type SandboxSqs, startSqs } from '../../../sandbox/sqs/start.ts';
import { sqsClient } from '../../support/clients.ts';
import { skipNotApplicable } from '../../support/not-applicable.ts';
import { openQueues, type Queues } from './sqs-queues.ts';

/**
 * One rule of SQS as a test through `@aws-sdk/client-sqs`. `clock: 'any'` holds on any
 * endpoint and with a real clock; `clock: 'virtual'` moves time by minutes.
 */
export interface Rule {
  readonly rule: string;
  readonly clock: 'any' | 'virtual';
  /** What moto 5.2 does instead. */
  readonly moto?: string;
  readonly holds: (sqs: Queues, pass: (ms: number) => void) => Promise<void>;
}

/**
 * Set to point the rules at moto's SQS. Those that need the virtual clock do not apply there, nor
 * do those that say what it does instead.
 */
const OTHER_ENDPOINT = process.env.SQS_ENDPOINT;

export function describeRules(subject: string, rules: readonly Rule[]): void {
  describe(subject, () => {
    let sandbox: SandboxSqs | undefined;
    let clock: VirtualClock;
    let client: SQSClient;

    beforeEach(async () => {
      clock = virtualClock();
      sandbox = OTHER_ENDPOINT === undefined ? await startSqs({ clock }) : undefined;
      client = sqsClient(sandbox?.endpoint ?? OTHER_ENDPOINT ?? '');
    });
    afterEach(async () => {
      client.destroy();
      await sandbox?.stop();
    });

    for (const each of rules) {
      test(each.rule, async (context) => {
        skipNotApplicable(context, OTHER_ENDPOINT === undefined ? undefined : notApplicable(each));
        await each.holds(openQueues(client), clock.advance);
      });
    }
  });
}

function notApplicable({ clock, moto }: Rule): string | undefined {
  if (moto !== undefined) return `moto ${moto}`;
  return clock === 'virtual' ? 'it moves time by minutes' : undefined;
}

/** Expects that `request` is refused under the error name `name`. */
export async function refused(request: Promise<unknown>, name: string | RegExp): Promise<void> {
  await expect(request).rejects.toMatchObject({
    name: name instanceof RegExp ? expect.stringMatching(name) : name,
  });
}
