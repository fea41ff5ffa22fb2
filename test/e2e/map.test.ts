import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filePage } from '../../cli/map/page.ts';
import type { MapData, MapNode } from '../../console/data.ts';
import { systemClock } from '../../shared/time/clock.ts';
import { keptDemo } from '../support/kept-demo.ts';
import { NET_1 } from '../support/networks.ts';
import { eventually } from '../support/wait.ts';
import { mapScene, SCENE, serveMap } from '../unit/cli/map-bed.ts';
import { operatorBed } from '../unit/cli/operator-bed.ts';
import { startChromium } from './browser/chromium.ts';
import { barriers, lookAt } from './browser/looking.ts';
import { browserObstacles } from './parts/preconditions.ts';

const obstacles = await browserObstacles();
/** `PICTURES=1`: the pictures of docs/operator.md are made anew. */
const PICTURES = process.env.PICTURES === '1' ? 'docs' : '.build/pictures';

/** The cell of an address, the worst where it is at several places. */
const cellOf = (page: Page, address: string, state = '') =>
  page.getByRole('gridcell', { name: `${address}, ${state}` }).first();

/** A map of many nodes, each with two ENIs of ten addresses. */
function manyNodes(count: number): MapData {
  const nodes = Array.from({ length: count }, (_, index): MapNode => {
    const name = `node-${String(index).padStart(4, '0')}`;
    const enis = [1, 2].map((device) => ({
      ...{ id: `eni-${index}-${device}`, device: `eth${device}`, subnet: 'subnet-1', mac: '' },
      ...{ managed: true, ipv4: { used: 10, limit: 15 }, ipv6: { used: 0 } },
    }));
    const addresses = enis.flatMap(({ id, device }) =>
      Array.from({ length: 10 }, (_, place) => ({
        address: `10.${device.slice(3)}.${Math.floor(index / 25)}.${(index % 25) * 10 + place}`,
        ...({
          state: 'assigned',
          eni: id,
          pod: `default/pod-${index}-${place}`,
          text: '',
        } as const),
      })),
    );
    return { name, instance: `i-${index}`, enis, addresses, troubles: [], more: 0 };
  });
  return {
    cluster: 'many',
    readAt: 0,
    nodes,
    missing: [],
    subnets: [{ id: 'subnet-1', blocks: ['10.1.0.0/16'] }],
  };
}

async function fileOf(data: MapData): Promise<string> {
  const file = join(tmpdir(), `map-${process.pid}-${data.nodes.length}.html`);
  await writeFile(file, await filePage(data));
  return pathToFileURL(file).href;
}

/* The map, in the browser that an operator has. */
describe.skipIf(obstacles.length > 0)('the map in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startChromium();
    await mkdir(PICTURES, { recursive: true });
  });
  afterAll(() => browser?.close());

  test('shows each state that an address can be in, by a colour and a pattern of its own', async () => {
    const { url } = await serveMap(await mapScene());
    const { page, strangers, faults } = await lookAt(browser, url);
    const looks = new Map<string, string>();
    for (const [state, address] of Object.entries({ ...SCENE, reserved: '' })) {
      if (state === 'reserved') await page.getByRole('button', { name: 'Subnets' }).click();
      const cell = page.locator(`[role=gridcell].${state}`).first();
      if (address !== '') expect(await cell.getAttribute('aria-label')).toContain(address);
      const look = await cell.evaluate((each) => {
        const { backgroundColor, backgroundImage, boxShadow } =
          each.ownerDocument.defaultView.getComputedStyle(each);
        return [backgroundColor, backgroundImage, boxShadow].join(' ');
      });
      expect([...looks.values()], state).not.toContain(look);
      looks.set(state, look);
    }
    expect(looks.size).toBe(8);
    expect({ strangers, faults }).toEqual({ strangers: [], faults: [] });
  });

  test('tells of an address who has it, by mouse and by keyboard', async () => {
    const { url } = await serveMap(await mapScene());
    const { page } = await lookAt(browser, url);
    const details = page.locator('#details');
    await cellOf(page, SCENE.missing).hover();
    await details.getByText('default/lacks-it', { exact: true }).waitFor();
    await details.getByText('multus-eni explain pod default/lacks-it').waitFor();
    await page.getByRole('grid').focus();
    for (const key of ['Home', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
    const active = await page.getByRole('grid').getAttribute('aria-activedescendant');
    const label = await page.locator(`#${active}`).getAttribute('aria-label');
    const [address = ''] = label?.split(',') ?? [];
    await details.getByText(address, { exact: true }).waitFor();
    await page.keyboard.press('End');
    expect(await page.getByRole('grid').getAttribute('aria-activedescendant')).not.toBe(active);
  });

  test('finds pods, addresses and ENIs, and shows only what is wrong', async () => {
    const operator = await mapScene();
    const { url } = await serveMap(operator);
    const { page } = await lookAt(browser, url);
    const found = page.locator('#found');
    for (const text of ['LOSER', SCENE.leaked, operator.workers[1]?.eth2 ?? '']) {
      await page.keyboard.press('/');
      await page.keyboard.type(text);
      await found.getByText('1 found.').waitFor();
      expect(await page.getByRole('row').count()).toBe(1);
      await page.keyboard.press('Escape');
      await found.getByText('found').waitFor({ state: 'hidden' });
    }
    await page.getByRole('button', { name: 'Only what is wrong' }).click();
    await found.getByText('5 found.').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('no such thing');
    await found.getByText('Nothing is found.').waitFor();
  });

  test('shows what changes, without being asked', async () => {
    const operator = await operatorBed();
    const { cluster, workers, bed } = operator;
    const [a] = workers;
    if (a === undefined) throw new Error('a worker');
    await cluster.applyNetwork(NET_1);
    await bed.startForwarder();
    bed.startDelivery();
    const { url } = await serveMap(operator, { clock: systemClock });
    const { page, faults } = await lookAt(browser, url);
    const networks = [{ network: NET_1, ips: ['172.16.1.70'] }];
    const pod = await cluster.runPod('app', { on: a, networks });
    await cellOf(page, '172.16.1.70', 'assigned and claimed').waitFor();
    await page.locator('#changes').getByText('→ assigned and claimed, default/app').waitFor();
    await cluster.deletePod(pod);
    await page.locator('#changes').getByText('172.16.1.70: ').first().waitFor();
    await eventually(() => cellOf(page, '172.16.1.70').count()).toBe(0);
    expect(faults).toEqual([]);
  });

  test('says that its data is old once nobody sends any', async () => {
    const { url, stop } = await serveMap(await operatorBed(1), { clock: systemClock });
    const { page } = await lookAt(browser, url);
    await page.getByRole('alert').waitFor({ state: 'hidden' });
    await stop();
    await page.getByRole('alert').getByText('This is old.').waitFor();
  });

  test('makes only the rows of a thousand nodes that are in view', async () => {
    const { page, faults } = await lookAt(browser, await fileOf(manyNodes(1_000)));
    expect(await page.getByRole('grid').getAttribute('aria-rowcount')).toBe('1000');
    expect(await page.getByRole('row').count()).toBeLessThan(40);
    await page.locator('#list').evaluate((list) => list.scrollTo(0, list.scrollHeight));
    await page.getByText('node-0999').waitFor();
    expect(await page.getByRole('row').count()).toBeLessThan(40);
    await page.getByRole('button', { name: 'Subnets' }).click();
    await page.getByText('10.1.0.0/24 of 10.1.0.0/16').waitFor();
    expect(faults).toEqual([]);
  });

  test('is harmless and itself unharmed whatever names say', async () => {
    const hostile = '<img src=x onerror=alert(1)><script>alert(2)</script>';
    const data = manyNodes(1);
    const nodes = data.nodes.map((node) => ({
      ...node,
      name: hostile,
      addresses: node.addresses.map((each) => ({ ...each, pod: hostile, text: hostile })),
    }));
    const url = await fileOf({ ...data, cluster: hostile, nodes });
    const { page, strangers, faults } = await lookAt(browser, url);
    await page.getByRole('gridcell').first().hover();
    await page.locator('#details').getByText(hostile).first().waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect({ strangers, faults }).toEqual({ strangers: [], faults: [] });
  });

  test.each(['light', 'dark'] as const)('has no barrier that a check finds, %s', async (scheme) => {
    const { url } = await serveMap(await mapScene());
    const { page } = await lookAt(browser, url, { colorScheme: scheme });
    await page.setViewportSize({ width: 1280, height: 560 });
    await cellOf(page, SCENE.conflict, 'in conflict').hover();
    expect(await barriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Subnets' }).click();
    await cellOf(page, SCENE.missing).hover();
    expect(await barriers(page)).toEqual([]);
  });

  test('shows the demo that is kept, with the conflict that it ends with', async () => {
    const { map } = await keptDemo();
    const { page, strangers, faults } = await lookAt(browser, map, { colorScheme: 'light' });
    await page.setViewportSize({ width: 1280, height: 560 });
    await cellOf(page, '172.16.1.70', 'in conflict').hover();
    const details = page.locator('#details');
    await details.getByText('multus-eni explain pod default/sampleapp', { exact: true }).waitFor();
    await page.screenshot({ path: join(PICTURES, 'map.png') });
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.getByRole('button', { name: 'Subnets' }).click();
    await cellOf(page, '172.16.1.200').hover();
    await details.getByText('172.16.1.200', { exact: true }).waitFor();
    await page.screenshot({ path: join(PICTURES, 'map-subnets.png') });
    expect({ strangers, faults }).toEqual({ strangers: [], faults: [] });
  });
});
