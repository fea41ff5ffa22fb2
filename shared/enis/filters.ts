import { inGroups } from '../in-groups.ts';

/** EC2 takes at most 200 values per filter (Amazon EC2 User Guide, "List and filter your resources"). */
export const MAX_FILTER_VALUES = 200;

/** The values in groups of as many as one filter takes. */
export function inFilters<T>(values: readonly T[]): T[][] {
  return inGroups(values, MAX_FILTER_VALUES);
}
