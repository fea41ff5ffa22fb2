import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import { withoutComputedKeys } from './esbuild-aws-schemas.ts';

const CREDENTIALS = join(import.meta.dirname, '../functions/lambda-credentials.ts');

/**
 * Leaves out of a function's bundle what it never uses of the AWS SDK:
 *
 * - the sources of credentials other than the environment, where Lambda has a function's
 *   (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html): clients of STS, SSO and
 *   sign-in, and readers of files;
 * - the error classes of SSM and EKS. An error is told by its name, which it has from the answer. The SDK then
 *   throws the service's base class;
 *
 * and of zod what writes JSON schemas, which every schema names and nobody asks for.
 */
export const onLambda: Plugin = {
  name: 'on-lambda',
  setup(build) {
    build.onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, () => ({
      path: CREDENTIALS,
    }));
    build.onLoad(
      { filter: /zod[\\/].*[\\/]core[\\/](json-schema-processors|to-json-schema)\.js$/ },
      () => ({
        // Not an ES module: esbuild asks no names of it.
        contents: 'module.exports = {};',
      }),
    );
    build.onLoad({ filter: /client-(ssm|eks)[\\/].*schemas_\d+\.js$/ }, async ({ path }) => ({
      contents: withoutErrorClasses(withoutComputedKeys(await readFile(path, 'utf8'))),
    }));
  },
};

/** The same module of schemas, in which no error of the service's own is registered but the base class. */
function withoutErrorClasses(source: string): string {
  return source.replaceAll(/^n0_registry\.registerError\(\w+\$, \w+\);$/gm, '');
}
