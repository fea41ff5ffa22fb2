import { startChromium } from '../test/e2e/browser/chromium.ts';
import { browserObstacles } from '../test/e2e/parts/preconditions.ts';

/** How long a frame may take. */
const GOAL_MS = 50;
/** Pixels at each frame: through a thousand nodes in some seconds. */
const STEP = 300;

/** Scrolls the map through, in each of its views, and tells how long frames took. */
export async function framesOf(url: string): Promise<string[]> {
  const [obstacle] = await browserObstacles();
  if (obstacle !== undefined) return [`map, scrolling: not measured: ${obstacle.what}`];
  const browser = await startChromium();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const startedAt = performance.now();
    await page.goto(url);
    await page.getByRole('row').first().waitFor();
    const lines = [`map, first rows: ${Math.round(performance.now() - startedAt)} ms`];
    for (const view of ['Nodes', 'Subnets']) {
      await page.getByRole('button', { name: view }).click();
      const frames = await page.locator('#list').evaluate(scrollThrough, STEP);
      const long = frames.filter((ms) => ms > GOAL_MS).length;
      const longest = Math.max(...frames).toFixed(0);
      const median = frames.toSorted((a, b) => a - b)[Math.floor(frames.length / 2)]?.toFixed(0);
      lines.push(
        `map, scrolling through ${view}: ${frames.length} frames, ${median} ms in the middle, ` +
          `${longest} ms at most, ${long} over ${GOAL_MS} ms`,
      );
    }
    return lines;
  } finally {
    await browser.close();
  }
}

interface Scrolling {
  scrollTop: number;
  readonly scrollHeight: number;
  readonly clientHeight: number;
  readonly ownerDocument: {
    readonly defaultView: { requestAnimationFrame(frame: (at: number) => void): void };
  };
}

/** Runs in the page. @returns the milliseconds from each frame to the next. */
function scrollThrough(list: unknown, step: number): Promise<number[]> {
  const isScrolling = (each: unknown): each is Scrolling => typeof each === 'object';
  if (!isScrolling(list)) throw new Error('no list');
  const { defaultView } = list.ownerDocument;
  return new Promise((resolve) => {
    const frames: number[] = [];
    let last: number | undefined;
    const frame = (at: number): void => {
      if (last !== undefined) frames.push(at - last);
      last = at;
      if (list.scrollTop + list.clientHeight >= list.scrollHeight - 1) resolve(frames);
      else {
        list.scrollTop += step;
        defaultView.requestAnimationFrame(frame);
      }
    };
    defaultView.requestAnimationFrame(frame);
  });
}
