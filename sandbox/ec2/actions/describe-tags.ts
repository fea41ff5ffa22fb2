import * as z from 'zod';
import { type FilterTable, filterList, matching } from '../filters.ts';
import type { Tags } from '../model.ts';
import { pageOf, pageParameters } from '../paging.ts';
import { allTags, type TagOf } from '../tagged.ts';
import { defineAction, dryRun } from './action.ts';

const FILTERS: FilterTable<TagOf & { readonly tags: Tags }> = {
  key: ({ key }) => [key],
  'resource-id': ({ resourceId }) => [resourceId],
  'resource-type': ({ resourceType }) => [resourceType],
  value: ({ value }) => [value],
};

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTags.html */
export const describeTags = defineAction(
  z.strictObject({ Filter: filterList, ...pageParameters, ...dryRun }),
  (request, { state }) => {
    const found = allTags(state)
      .map((tag) => ({ ...tag, tags: new Map([[tag.key, tag.value]]) }))
      .filter(matching(request.Filter, FILTERS));
    const { items, nextToken } = pageOf(
      found,
      ({ resourceId, key }) => `${resourceId}/${key}`,
      request,
    );
    return { answer: { tagSet: items.map(({ tags: _, ...tag }) => ({ ...tag })), nextToken } };
  },
);
