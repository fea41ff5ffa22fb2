/**
 * `npm run cost [-- --clusters 40] [--stage prod] [--json]`: what a stage costs in a month by AWS's list
 * prices, computed from what the templates have. `--clusters` join by a stack of their own, beside those that
 * the stage's configuration lists. `--json` prints `{ "total", "lines" }`, in dollars.
 */
import { resolve } from 'node:path';
import Table from 'cli-table3';
import * as z from 'zod';
import { parseStage, readStage } from '../../config/read.ts';
import { optionsOf } from '../options.ts';
import { type Assumptions, type Cost, costOf } from './cost.ts';
import { PRICES, PRICES_OF, READ_ON } from './prices.ts';

const { values } = optionsOf(import.meta.url, {
  options: {
    clusters: { type: 'string' },
    stage: { type: 'string' },
    'busy-hours': { type: 'string', default: '100' },
    reconciles: { type: 'string', default: '2000' },
    'sweep-seconds': { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});

const count = (option: string) =>
  z.coerce.number({ error: `--${option} takes a number` }).min(0, `--${option} is less than zero`);

const asked = z
  .object({
    clusters: count('clusters').int('--clusters takes a whole number'),
    'busy-hours': count('busy-hours').max(730, '--busy-hours: a month has 730 hours'),
    reconciles: count('reconciles'),
    'sweep-seconds': count('sweep-seconds'),
  })
  .safeParse({ ...values, clusters: values.clusters ?? (values.stage === undefined ? '1' : '0') });

function tableOf({ total, lines }: Cost): string {
  const table = new Table({
    head: ['', 'a month', 'dollars each', 'dollars'],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'right', 'left', 'right'],
  });
  for (const { what, quantity, price, dollars } of lines) {
    const units = quantity.toLocaleString('en-US', { maximumFractionDigits: 1 });
    table.push([what, units, PRICES[price].per, dollars.toFixed(2)]);
  }
  table.push(['in all', '', '', total.toFixed(2)]);
  return table.toString();
}

function notes({ busyHours, reconciles, sweepSeconds }: Assumptions): string {
  const sources = [...new Set(Object.values(PRICES).map(({ source }) => source))];
  return [
    `List prices of ${PRICES_OF} as of ${READ_ON}, without free tiers: https://aws.amazon.com/`,
    `  {${sources.join(', ')}}`,
    `Assumed: pods come and go in ${busyHours} of a month's 730 hours, ${reconciles} nodes of each cluster are`,
    `reconciled, and a sweep takes ${sweepSeconds} s. Endpoints of a VPC and traffic are not in it.`,
  ].join('\n');
}

if (asked.success) {
  const assumptions: Assumptions = {
    joined: asked.data.clusters,
    busyHours: asked.data['busy-hours'],
    reconciles: asked.data.reconciles,
    sweepSeconds: asked.data['sweep-seconds'],
    reconcileSeconds: 1,
    heartbeatSeconds: 0.05,
  };
  const { stage = 'example' } = values;
  const settings =
    values.stage === undefined
      ? parseStage(`region: ${PRICES_OF}\n`, 'the defaults')
      : readStage(resolve(import.meta.dirname, '../..'), stage);
  const cost = costOf(stage, settings, assumptions);
  if (values.json) console.log(JSON.stringify(cost, undefined, 2));
  else console.log(`${tableOf(cost)}\n${notes(assumptions)}`);
} else {
  for (const { message } of asked.error.issues) console.error(message);
  process.exitCode = 2;
}
