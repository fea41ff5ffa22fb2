import * as z from 'zod';
import { Ec2Error, invalidParameterValue } from '../errors.ts';
import type { State, Tags } from '../model.ts';
import { idList } from '../query.ts';
import { withTags } from '../tagged.ts';
import { defineAction, dryRun } from './action.ts';

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions */
const MAX_TAGS = 50;
const MAX_KEY = 128;
const MAX_VALUE = 256;
const MAX_RESOURCES = 1000;

const resources = idList.pipe(z.array(z.string()).max(MAX_RESOURCES));

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html */
export const createTags = defineAction(
  z.strictObject({
    ResourceId: resources,
    Tag: z.array(z.strictObject({ Key: z.string(), Value: z.string().default('') })),
    ...dryRun,
  }),
  (request, { state }) => {
    for (const { Key, Value } of request.Tag) checkTag(Key, Value);
    const add = (tags: Tags): Tags => {
      const after = new Map([
        ...tags,
        ...request.Tag.map(({ Key, Value }) => [Key, Value] as const),
      ]);
      if (after.size <= MAX_TAGS) return after;
      throw new Ec2Error(
        'TagLimitExceeded',
        'The maximum number of Tags for a resource has been reached.',
      );
    };
    return { state: changeAll(state, request.ResourceId, add), answer: { return: true } };
  },
);

/**
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteTags.html
 *
 * A tag that is named with a value goes only if it has that value; without any tag all go,
 * those of AWS itself excepted.
 */
export const deleteTags = defineAction(
  z.strictObject({
    ResourceId: resources,
    Tag: z.array(z.strictObject({ Key: z.string(), Value: z.string().optional() })).optional(),
    ...dryRun,
  }),
  (request, { state }) => {
    for (const { Key, Value } of request.Tag ?? []) checkTag(Key, Value ?? '');
    const goes = (key: string, value: string): boolean =>
      request.Tag === undefined
        ? !isReserved(key)
        : request.Tag.some(({ Key, Value }) => Key === key && (Value ?? value) === value);
    const remove = (tags: Tags): Tags =>
      new Map([...tags].filter(([key, value]) => !goes(key, value)));
    return { state: changeAll(state, request.ResourceId, remove), answer: { return: true } };
  },
);

function changeAll(state: State, ids: readonly string[], change: (tags: Tags) => Tags): State {
  return ids.reduce((changed, id) => withTags(changed, id, change), state);
}

function isReserved(key: string): boolean {
  return key.toLowerCase().startsWith('aws:');
}

function checkTag(key: string, value: string): void {
  if (key === '') throw invalidParameterValue('Tag key cannot be empty');
  if (isReserved(key)) {
    throw invalidParameterValue("Tag keys starting with 'aws:' are reserved for internal use");
  }
  if (key.length > MAX_KEY) {
    throw invalidParameterValue(`Tag key exceeds the maximum length of ${MAX_KEY} characters`);
  }
  if (value.length > MAX_VALUE) {
    throw invalidParameterValue(`Tag value exceeds the maximum length of ${MAX_VALUE} characters`);
  }
}
