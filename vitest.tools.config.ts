import { defineConfig } from 'vitest/config';
import base, { TOOLS } from './vitest.config.ts';

/** `npm run test:tools`: benchmarks, the demo, manifests, scripts and releases. */
export default defineConfig({ test: { ...base.test, include: [...TOOLS], exclude: [] } });
