/** `npm run e2e:parts`: gets what the end-to-end tests run on, and says where it is. */
import { getParts } from './get-parts.ts';

const { complete, noNodes, noBrowser } = await getParts();
if (!complete || noNodes.length > 0 || noBrowser.length > 0) process.exitCode = 1;
