import Table from 'cli-table3';
import { demoRows } from './rows.ts';
import type { DemoStage } from './stage.ts';

const BORDERLESS = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left'],
    ...['bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((part) => [part, '']),
);

/** Which pod has which address, on which ENI, as of now; empty before there is any. */
export async function tableOf(stage: DemoStage): Promise<string> {
  const rows = await demoRows(stage);
  if (rows.length === 0) return '';
  const table = new Table({
    head: ['POD', 'INTERFACE', 'ADDRESS', 'ENI', 'STATE'],
    chars: BORDERLESS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  });
  for (const { pod, interface: name, address, eni, state } of rows) {
    table.push([pod, name, address, eni, state]);
  }
  return table.toString();
}
