import { defineConfig } from 'vitest/config';
import base, { TOOLS } from './vitest.config.ts';

/** `npm run test:tools`: what TOOLS names. */
export default defineConfig({ test: { ...base.test, include: [...TOOLS], exclude: [], bail: 0 } });
