import type { Readable } from 'node:stream';
import { decompressed } from './decompressed.ts';
import { itemSplitter } from './item-splitter.ts';
import { type EachItem, LONGEST_PAGE, type PageRead } from './list.ts';
import { MalformedObjectError } from './malformed.ts';
import { AnswerTooLongError } from './transport.ts';

/**
 * Reads a list's answer item by item, as it comes: an item is kept only until the next one, whatever the
 * list's length. If `each` says that no more is wanted, the response ends.
 *
 * @param response of a request that may have taken gzip.
 * @param what was asked for: an error names it.
 * @throws AnswerTooLongError for more than LONGEST_PAGE characters; MalformedObjectError for what is no
 *   JSON; what `each` throws.
 */
export async function readItems(
  response: Readable,
  what: string,
  each: EachItem,
): Promise<PageRead> {
  const answer = decompressed(response);
  // Texts from the start: buffers of a long list have the whole heap collected, page after page.
  answer.setEncoding('utf8');
  let isWanted = true;
  const splitter = itemSplitter((item) => {
    isWanted &&= each(parse(item, what), item.length);
  });
  let length = 0;
  for await (const chunk of answer) {
    const piece = String(chunk);
    length += piece.length;
    // Leaving the loop ends the response.
    if (length > LONGEST_PAGE) {
      throw new AnswerTooLongError(`a page of a list is longer than ${LONGEST_PAGE} characters`);
    }
    splitter.feed(piece);
    if (!isWanted) return { length };
  }
  return { list: parse(splitter.end(), what), length };
}

function parse(json: string, what: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new MalformedObjectError(`${what}: the answer is no JSON`, { cause: error });
  }
}
