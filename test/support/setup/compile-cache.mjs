// Programs that tests start load the same modules again and again: what V8 compiled, and what is left
// of TypeScript without its types, is kept for the next. JavaScript, so that this needs no stripping.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(
  fileURLToPath(new URL('../../../node_modules/.cache/compiled', import.meta.url)),
);
