/** `Date` tells the second that the answer was made in. */
const DATE_RESOLUTION_MS = 1000;

/**
 * By how much another clock is ahead of ours (ms; negative: behind), at least, as an HTTP answer shows
 * by its header `Date`: 0 if the clocks may agree, or if the header cannot be read.
 *
 * @param ours when the answer was asked for and when it had come, ms since the epoch.
 */
export function aheadOf(
  date: string | undefined,
  ours: { readonly asked: number; readonly answered: number },
): number {
  const second = Date.parse(date ?? '');
  if (Number.isNaN(second)) return 0;
  const least = second - ours.answered;
  const most = second + DATE_RESOLUTION_MS - ours.asked;
  return Math.max(least, Math.min(most, 0));
}
