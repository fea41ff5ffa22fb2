import * as z from 'zod';

const response = z.looseObject({
  batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })).nullish(),
});

/**
 * Which messages of a batch a function reports as failed. An answer that is empty, null or names none
 * is success. All messages count as failed if the answer is no such object, or if an identifier is
 * missing or not from the batch.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 *
 * @returns the failed ids, or what is wrong with the answer.
 */
export function failedItems(
  answer: unknown,
  messageIds: readonly string[],
):
  | { readonly ok: true; readonly failed: readonly string[] }
  | { readonly ok: false; readonly detail: string } {
  const parsed = response.safeParse(answer ?? {});
  if (!parsed.success) return { ok: false, detail: z.prettifyError(parsed.error) };
  const failed = (parsed.data.batchItemFailures ?? []).map((item) => item.itemIdentifier);
  const unknown = failed.find((id) => !messageIds.includes(id));
  if (unknown !== undefined) {
    return { ok: false, detail: `itemIdentifier ${unknown} is not in the batch` };
  }
  return { ok: true, failed };
}
