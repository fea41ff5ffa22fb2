import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { PARAMETERS } from '../../../resources/cluster-parameters.ts';
import { clusterTemplate } from '../../../resources/cluster-stack.ts';
import { type Packaged, packaged } from '../resources/service.ts';
import { moduleIn, parametersOfModule, parse, parsed, ROOT, snake } from './terraform.ts';

describe('the Terraform module of a cluster', () => {
  test('has a variable for each parameter of the template, with its default', async () => {
    const { hcl } = await moduleIn('deploy/terraform/cluster');
    const { queue_name, tags, ...variables } = hcl.variable;
    expect([queue_name?.default, tags?.default]).toEqual([null, {}]);
    const wanted = Object.entries(PARAMETERS).filter(([name]) => name !== 'QueueName');
    expect(Object.keys(variables).toSorted()).toEqual(
      wanted.map(([name]) => snake(name)).toSorted(),
    );
    for (const [name, parameter] of wanted) {
      const given = variables[snake(name)]?.default;
      const text = Array.isArray(given) ? given.join(',') : given;
      expect(text?.toString(), name).toBe(
        z.object({ Default: z.coerce.string().optional() }).parse(parameter).Default,
      );
    }
  });

  test('gives each parameter to the template that every tool uses', async () => {
    const { hcl, text } = await moduleIn('deploy/terraform/cluster');
    const [stack] = hcl.resource.aws_cloudformation_stack?.cluster ?? [];
    const parameters = z.record(z.string(), z.string()).parse(stack?.parameters);
    expect(Object.keys(parameters).toSorted()).toEqual(Object.keys(PARAMETERS).toSorted());
    for (const [name, value] of Object.entries(parameters)) {
      expect(value).toContain(`var.${snake(name)}`);
    }
    expect(stack).toMatchObject({
      name: `multus-eni-reconciler-\${var.stage}-\${var.cluster_name}`,
      capabilities: ['CAPABILITY_IAM'],
    });
    const [, path = ''] = /file\("\$\{path\.module\}\/(.+)"\)/.exec(text) ?? [];
    const template = readFileSync(join(ROOT, 'deploy/terraform/cluster', path));
    // CloudFormation takes no more in a call.
    expect(template.length).toBeLessThan(51_200);
  });

  test('gives the template its own defaults if nothing else is said', async () => {
    const given = await parametersOfModule({ cluster_name: 'edge' });
    const defaults = Object.entries(PARAMETERS).flatMap(([name, parameter]) => {
      const { Default } = z.object({ Default: z.coerce.string().optional() }).parse(parameter);
      return Default === undefined ? [] : [[name, Default]];
    });
    expect(given).toEqual({
      ...Object.fromEntries(defaults),
      ClusterName: 'edge',
      QueueName: 'edge',
    });
  });

  test('has outputs that the template has', async () => {
    const { hcl } = await moduleIn('deploy/terraform/cluster');
    const { Outputs } = z
      .object({ Outputs: z.record(z.string(), z.unknown()) })
      .parse(clusterTemplate());
    const used = [...JSON.stringify(hcl.output).matchAll(/outputs\[\\"(\w+)\\"\]/g)];
    expect(used).toHaveLength(3);
    for (const [, name = ''] of used) expect(Object.keys(Outputs)).toContain(name);
  });
});

describe('the Terraform module of the account', () => {
  let stack: Packaged;
  beforeAll(async () => {
    stack = await packaged('region: us-east-1\ndeployment: { bucket: corp-deployments }\n');
  });

  test('finds in the packaged template where each zip is to be', async () => {
    const { hcl, text } = await moduleIn('deploy/terraform/account');
    const code = z.record(z.string(), z.string()).parse(hcl.locals[0]?.code);
    expect(Object.keys(code).toSorted()).toEqual(['reconcile', 'sweep']);
    const [object] = hcl.resource.aws_s3_object?.code ?? [];
    expect(object).toMatchObject({ key: `\${each.value.S3Key}` });
    for (const [name, place] of Object.entries(code)) {
      const [, id = ''] =
        /^\$\{local\.template\.Resources\.(\w+)\.Properties\.Code\}$/.exec(place) ?? [];
      expect(stack.template.Resources[id]?.Properties.Code).toEqual({
        S3Bucket: 'corp-deployments',
        S3Key: expect.stringMatching(new RegExp(`/${name}\\.zip$`)),
      });
    }
    expect(text).toContain('cloudformation-template-update-stack.json');
  });

  test('is refused a template whose bucket the stack would make', async () => {
    const { template } = await packaged('region: us-east-1\n');
    expect(template.Resources.ReconcileLambdaFunction?.Properties.Code).toMatchObject({
      S3Bucket: { Ref: 'ServerlessDeploymentBucket' },
    });
    const { hcl } = await moduleIn('deploy/terraform/account');
    const [object] = hcl.resource.aws_s3_object?.code ?? [];
    expect(JSON.stringify(object?.lifecycle)).toContain('each.value.S3Bucket == var.bucket');
  });

  test('has the name, and outputs, that the template and the clusters’ stacks expect', async () => {
    const { hcl } = await moduleIn('deploy/terraform/account');
    const [made] = hcl.resource.aws_cloudformation_stack?.account ?? [];
    expect(made?.name).toBe(`multus-eni-reconciler-\${var.stage}`);
    const used = [...JSON.stringify(hcl.output).matchAll(/outputs\[\\"(\w+)\\"\]/g)];
    for (const [, name = ''] of used) expect(Object.keys(stack.template.Outputs)).toContain(name);
  });
});

describe('the snippets of docs/clusters.md', () => {
  const page = readFileSync(join(ROOT, 'docs/clusters.md'), 'utf8');
  const snippets = (language: string): string[] =>
    [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
      ([, code = '']) => code,
    );

  test('of Terraform call the modules by variables that they have', async () => {
    const [code = ''] = snippets('hcl');
    const { module } = parsed.parse(await parse('docs.tf', code));
    expect(Object.keys(module)).toEqual(['account', 'cluster']);
    for (const [name, [call = {}]] of Object.entries(module)) {
      const { hcl } = await moduleIn(`deploy/terraform/${name}`);
      const { source, for_each: _, depends_on: __, ...given } = call;
      expect(source).toContain(`//deploy/terraform/${name}`);
      expect(Object.keys(hcl.variable)).toEqual(expect.arrayContaining(Object.keys(given)));
      const required = Object.entries(hcl.variable).filter(([, each]) => !('default' in each));
      expect(Object.keys(given)).toEqual(expect.arrayContaining(required.map(([key]) => key)));
    }
  });

  test('of CDK and StackSets name parameters of the template', () => {
    const [cdk = ''] = snippets('ts');
    const [, list = ''] = /parameters: \{([^}]*)\}/.exec(cdk) ?? [];
    const inCdk = [...list.matchAll(/(\w+):/g)].map(([, name = '']) => name);
    const inStackSet = [...page.matchAll(/ParameterKey=(\w+)/g)].map(([, name = '']) => name);
    expect([inCdk.length, inStackSet.length]).toEqual([4, 3]);
    expect(Object.keys(PARAMETERS)).toEqual(expect.arrayContaining([...inCdk, ...inStackSet]));
  });
});
