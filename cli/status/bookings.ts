import type { Booked, BookingsTable } from '../bookings-table.ts';
import { trying } from '../failure.ts';
import { ago } from '../view/text.ts';

/**
 * How far ahead EC2's calls are booked, by action, and when EC2 throttled one.
 *
 * @param now ms since the epoch.
 * @throws Failed if DynamoDB refuses.
 */
export async function bookingsText(table: BookingsTable, now: number): Promise<string> {
  const { name } = table;
  const all = await trying(`read the table ${name} of EC2's calls`, () => table.readBooked());
  if (all.length === 0) return `nothing yet, in ${name}`;
  const sorted = all.toSorted((a, b) => (a.action < b.action ? -1 : 1));
  return `${sorted.map((each) => actionText(each, now)).join('; ')}; in ${name}`;
}

/** Tokens that nobody takes are saved up: what is not booked ahead was used before about then. */
function actionText({ action, spentUntil = 0, perSecond, cutAt }: Booked, now: number): string {
  const seconds = Math.ceil((spentUntil - now) / 1_000);
  const booked =
    seconds > 0
      ? `${action} for the next ${seconds} s`
      : `no ${action} since ${ago(spentUntil, now)}`;
  if (perSecond === undefined || cutAt === undefined) return booked;
  return `${booked}, throttled ${ago(cutAt, now)} to ${perSecond.toFixed(1)} a second`;
}
