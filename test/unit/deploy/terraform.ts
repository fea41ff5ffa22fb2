import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as z from 'zod';

/*
 * The modules are parsed by HashiCorp's own parser. `terraform validate` wants the provider, which no package
 * registry has.
 */

// Not imported: its types bring the browser's along, which differ from those of Node.
const require = createRequire(import.meta.url);
export const { parse } = z
  .object({
    parse: z.custom<(file: string, text: string) => Promise<unknown>>(
      (value) => typeof value === 'function',
    ),
  })
  .parse(require('@cdktn/hcl2json'));

export const ROOT = join(import.meta.dirname, '../../..');

const variable = z
  .array(z.object({ type: z.string(), description: z.string(), default: z.unknown() }).partial())
  .transform(([only]) => only ?? {});
const block = z.record(z.string(), z.array(z.record(z.string(), z.unknown())));
export const parsed = z.object({
  variable: z.record(z.string(), variable).default({}),
  output: block.default({}),
  locals: z.array(z.record(z.string(), z.unknown())).default([]),
  resource: z.record(z.string(), block).default({}),
  module: block.default({}),
});
type Parsed = z.output<typeof parsed>;

/** A module of deploy/terraform: what is in it, and its text. */
export async function moduleIn(
  folder: string,
): Promise<{ readonly hcl: Parsed; readonly text: string }> {
  const files = globSync('*.tf', { cwd: join(ROOT, folder) }).toSorted();
  const text = files.map((file) => readFileSync(join(ROOT, folder, file), 'utf8')).join('\n');
  return { hcl: parsed.parse(await parse(folder, text)), text };
}

/** A parameter's name as Terraform writes it: `ClusterName` → `cluster_name`. */
export const snake = (name: string): string => name.replaceAll(/\B[A-Z]/g, '_$&').toLowerCase();

const parameters = z.record(z.string(), z.string());

/**
 * What the module of a cluster gives to CloudFormation, with the defaults of its variables but for the
 * given ones. Of expressions it knows those that the module has.
 *
 * @throws an Error if the module has another.
 */
export async function parametersOfModule(
  given: Readonly<Record<string, unknown>>,
): Promise<Record<string, string>> {
  const { hcl } = await moduleIn('deploy/terraform/cluster');
  const value = (name: string): unknown => given[name] ?? hcl.variable[name]?.default;
  const [stack] = hcl.resource.aws_cloudformation_stack?.cluster ?? [];
  const computed = Object.entries(parameters.parse(stack?.parameters)).map(([name, expression]) => {
    const [, variable = '', otherwise] =
      /^\$\{(?:tostring\(|join\(",", )?var\.(\w+)\)?(?: == null \? var\.(\w+) : var\.\1)?\}$/.exec(
        expression,
      ) ?? [];
    if (!(variable in hcl.variable)) throw new Error(`${name}: ${expression} is not known`);
    const found = value(variable) ?? (otherwise === undefined ? undefined : value(otherwise));
    return [name, Array.isArray(found) ? found.join(',') : String(found)];
  });
  return Object.fromEntries(computed);
}
