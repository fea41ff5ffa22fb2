'use strict';

const { realpathSync } = require('node:fs');
const { join, sep } = require('node:path');

/**
 * The one of package-lock.json. Where nothing is installed yet, `npx serverless` fetches another
 * vendor's program of that name and version.
 */
function isPinned(program) {
  const pinned = join(realpathSync(__dirname), '../node_modules/serverless');
  return realpathSync(program).startsWith(realpathSync(pinned) + sep);
}

// osls loads plugins as CommonJS, with `new`.
module.exports = function plugin(serverless, options, { log }) {
  if (!isPinned(process.argv[1])) {
    throw new serverless.classes.Error(
      `this is not the serverless of package-lock.json, but ${process.argv[1]}. ` +
        'Run: npm run deploy -- --stage <stage>, or node scripts/run.mjs serverless <command>',
      'NOT_PINNED',
    );
  }
  // What begins to read TypeScript: an older Node cannot.
  const { serverlessPlugin } = require('./serverless-plugin.ts');
  return serverlessPlugin(serverless, options, log);
};
