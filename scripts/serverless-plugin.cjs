'use strict';

// osls loads plugins as CommonJS, with `new`.
const { serverlessPlugin } = require('./serverless-plugin.ts');

module.exports = function plugin(serverless, options, { log }) {
  return serverlessPlugin(serverless, options, log);
};
