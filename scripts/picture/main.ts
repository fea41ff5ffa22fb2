/** `npm run picture`: draws the parts as docs/parts.svg. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { draw } from './draw.ts';
import { PARTS } from './parts.ts';

writeFileSync(join(import.meta.dirname, '../../docs/parts.svg'), draw(PARTS));
