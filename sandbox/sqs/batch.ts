import { SqsError } from './errors.ts';
import { MAX_BYTES, type MessageAttributes, sizeOfMessage } from './message.ts';

const MAX_ENTRIES = 10;

export interface FailedEntry {
  readonly Id: string;
  readonly SenderFault: boolean;
  readonly Code: string;
  readonly Message: string;
}

export interface BatchResult<T> {
  readonly Successful: readonly (T & { readonly Id: string })[];
  readonly Failed: readonly FailedEntry[];
}

/**
 * Does each entry by itself: one that is refused costs that entry only.
 *
 * @throws EmptyBatchRequest, TooManyEntriesInBatchRequest, InvalidBatchEntryId, BatchEntryIdsNotDistinct.
 */
export function runBatch<E extends { readonly Id: string }, T extends object>(
  entries: readonly E[],
  run: (entry: E) => T,
): BatchResult<T> {
  assertEntries(entries);
  const successful: (T & { readonly Id: string })[] = [];
  const failed: FailedEntry[] = [];
  for (const entry of entries) {
    try {
      successful.push({ ...run(entry), Id: entry.Id });
    } catch (error) {
      if (!(error instanceof SqsError)) throw error;
      const { queryCode, message } = error;
      failed.push({ Id: entry.Id, SenderFault: true, Code: queryCode, Message: message });
    }
  }
  return { Successful: successful, Failed: failed };
}

/** @throws BatchRequestTooLong if the messages together are over the limit of SQS. */
export function assertBatchBytes(
  entries: readonly {
    readonly MessageBody: string;
    readonly MessageAttributes: MessageAttributes;
  }[],
): void {
  const bytes = entries.reduce(
    (sum, entry) => sum + sizeOfMessage(entry.MessageBody, entry.MessageAttributes),
    0,
  );
  if (bytes <= MAX_BYTES) return;
  const text = `Batch requests cannot be longer than ${MAX_BYTES} bytes. You have sent ${bytes} bytes.`;
  throw new SqsError('BatchRequestTooLong', text);
}

function assertEntries(entries: readonly { readonly Id: string }[]): void {
  if (entries.length === 0) {
    const text = 'There should be at least one entry in the request.';
    throw new SqsError('EmptyBatchRequest', text);
  }
  if (entries.length > MAX_ENTRIES) {
    const text = `Maximum number of entries per request are ${MAX_ENTRIES}. You have sent ${entries.length}.`;
    throw new SqsError('TooManyEntriesInBatchRequest', text);
  }
  const ids = new Set<string>();
  for (const { Id } of entries) {
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(Id)) {
      const text =
        'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.';
      throw new SqsError('InvalidBatchEntryId', text);
    }
    if (ids.has(Id)) throw new SqsError('BatchEntryIdsNotDistinct', `Id ${Id} repeated.`);
    ids.add(Id);
  }
}
