import * as z from 'zod';
import { invalidParameterValue } from './errors.ts';

export const pageParameters = {
  MaxResults: z.string().regex(/^\d+$/).transform(Number).optional(),
  NextToken: z.string().optional(),
};

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaces.html */
const SMALLEST_PAGE = 5;

/**
 * Cuts one page out of `items`, in the order of their ids. Without `MaxResults` a
 * page has `largest` items: a reader that ignores the token misses the rest.
 *
 * @throws Ec2Error for a page size outside 5 to `largest`, or a token that is not ours.
 */
export function pageOf<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  request: { readonly MaxResults?: number | undefined; readonly NextToken?: string | undefined },
  largest = 1000,
): { readonly items: readonly T[]; readonly nextToken: string | undefined } {
  const size = request.MaxResults ?? largest;
  if (size < SMALLEST_PAGE || size > largest) {
    throw invalidParameterValue(
      `Value ( ${size} ) for parameter maxResults is invalid. Expecting a value from ${SMALLEST_PAGE} to ${largest}.`,
    );
  }
  const after = request.NextToken === undefined ? '' : readToken(request.NextToken);
  const rest = items
    .filter((item) => idOf(item) > after)
    .sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  const page = rest.slice(0, size);
  const last = page.at(-1);
  const nextToken = last !== undefined && rest.length > size ? makeToken(idOf(last)) : undefined;
  return { items: page, nextToken };
}

function makeToken(lastId: string): string {
  return Buffer.from(`after:${lastId}`).toString('base64url');
}

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (!text.startsWith('after:')) throw invalidParameterValue('Invalid value for nextToken');
  return text.slice('after:'.length);
}
