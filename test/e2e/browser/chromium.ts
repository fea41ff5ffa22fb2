import { type Browser, chromium } from 'playwright-core';
import { chromiumPath } from '../parts/preconditions.ts';

/** Starts this machine's Chromium, without a window. @throws an Error if there is none. */
export async function startChromium(): Promise<Browser> {
  const executablePath = await chromiumPath();
  if (executablePath === undefined) throw new Error('there is no Chromium: npm run e2e:parts');
  // Its own sandbox is for users who are not root.
  return chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 });
}
