import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { contains, parseAddress, parseCidr } from '../../../shared/address.ts';
import { DEFAULT_MANAGED_TAG } from '../../../shared/enis/ec2.ts';
import { objectsIn } from './manifests.ts';

const ROOT = join(import.meta.dirname, '../../..');
const FOLDER = join(ROOT, 'deploy/first-deployment');
const SCRIPT = join(FOLDER, 'multus-enis.sh');
const PAGE = readFileSync(join(ROOT, 'docs/first-deployment.md'), 'utf8');
const script = readFileSync(SCRIPT, 'utf8');
const cluster = z
  .object({
    apiVersion: z.literal('eksctl.io/v1alpha5'),
    kind: z.literal('ClusterConfig'),
    metadata: z.object({ name: z.string(), region: z.string(), version: z.string() }),
    vpc: z.object({ cidr: z.string(), extraCIDRs: z.array(z.string()) }),
    accessConfig: z.object({ authenticationMode: z.enum(['API', 'API_AND_CONFIG_MAP']) }),
    addons: z.array(z.object({ name: z.string() })),
    managedNodeGroups: z.tuple([
      z.object({
        name: z.string(),
        instanceType: z.string(),
        desiredCapacity: z.number(),
        availabilityZones: z.tuple([z.string()]),
        preBootstrapCommands: z.array(z.string()),
      }),
    ]),
  })
  .parse(parse(readFileSync(join(FOLDER, 'cluster.yaml'), 'utf8')));
const commands = [...PAGE.matchAll(/^```bash\n(.*?)^```/gms)].flatMap(([, box = '']) =>
  box.trimEnd().split('\n'),
);

describe('the cluster file', () => {
  const [workers] = cluster.managedNodeGroups;
  const [, cidrs = ''] = /^CIDRS='(.*)'$/m.exec(script) ?? [];

  test('has the VPC hold the Multus subnets, apart from its own', () => {
    const [extra = ''] = cluster.vpc.extraCIDRs;
    const [own, room] = [parseCidr(cluster.vpc.cidr), parseCidr(extra)];
    if (own === undefined || room === undefined) throw new Error('no blocks');
    expect(own.first > room.last || own.last < room.first).toBe(true);
    const subnets = cidrs.split(' ').map(parseCidr);
    expect(subnets).toHaveLength(2);
    for (const subnet of subnets) {
      expect(subnet && subnet.first >= room.first && subnet.last <= room.last).toBe(true);
    }
  });

  test('has the workers where the script makes the subnets', () => {
    expect(script).toContain(`ZONE=${workers.availabilityZones[0]}\n`);
    expect(workers.availabilityZones[0]).toMatch(new RegExp(`^${cluster.metadata.region}[a-z]$`));
  });

  test('has what the product needs: access entries and the Pod Identity Agent', () => {
    expect(cluster.addons.map(({ name }) => name)).toContain('eks-pod-identity-agent');
  });

  test('gives the samples’ networks the devices that it brings up, in the subnets of the script', () => {
    const [setUp = ''] = workers.preBootstrapCommands;
    for (const [at, device] of ['ens6', 'ens7'].entries()) {
      expect(setUp).toMatch(new RegExp(`^Name=.*\\b${device}\\b`, 'm'));
      expect(PAGE).toContain(`s/eth${at + 1}/${device}/`);
      const [definition] = objectsIn(`samples/ipvlan-conf-${at + 1}.yaml`);
      const [, gateway = ''] =
        /"gateway": "([\d.]+)"/.exec(JSON.stringify(definition).replaceAll('\\', '')) ?? [];
      const subnet = parseCidr(cidrs.split(' ')[at] ?? '');
      const address = parseAddress(gateway);
      expect(subnet && address && contains(subnet, address)).toBe(true);
    }
  });
});

/** Runs the script with an `aws` that answers from `answers` by the words of its call, and notes it. */
function runScript(answers: Readonly<Record<string, string>>, ...args: string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'first-deployment-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const cases = Object.entries(answers).map(([words, text]) => `  '${words}') echo '${text}' ;;`);
  const log = join(folder, 'calls');
  const aws = `#!/bin/sh\necho "$*" >> ${log}\ncase "$1 $2" in\n${cases.join('\n')}\nesac\n`;
  writeFileSync(join(folder, 'aws'), aws);
  chmodSync(join(folder, 'aws'), 0o755);
  execFileSync(SCRIPT, args, { env: { PATH: `${folder}:${process.env.PATH}` } });
  return readFileSync(log, 'utf8').trim().split('\n');
}

const THERE = {
  'eks describe-cluster': 'vpc-1',
  'ec2 describe-instances': 'i-1 i-2',
  'ec2 create-subnet': 'subnet-new',
  'ec2 create-network-interface': 'eni-new',
  'ec2 attach-network-interface': 'eni-attach-1',
};
const callsOf = (calls: readonly string[], action: string) =>
  calls.filter((call) => call.startsWith(`ec2 ${action} `));

describe('the script', () => {
  test('makes two subnets, and attaches an ENI of each to every worker, with the managed tag', () => {
    const calls = runScript(THERE, 'demo');
    expect(callsOf(calls, 'create-subnet')).toHaveLength(2);
    const made = callsOf(calls, 'create-network-interface');
    expect(made).toHaveLength(4);
    const { key, value } = DEFAULT_MANAGED_TAG;
    for (const call of made) {
      expect(call).toContain(`{Key=${key},Value=${value}}`);
      expect(call).toContain('{Key=kubernetes.io/cluster/demo,Value=owned}');
    }
    const attached = callsOf(calls, 'attach-network-interface').map((call) => [
      /--instance-id (\S+)/.exec(call)?.[1],
      /--device-index (\S+)/.exec(call)?.[1],
    ]);
    const wanted = [
      ['i-1', '1'],
      ['i-2', '1'],
      ['i-1', '2'],
      ['i-2', '2'],
    ];
    expect(attached).toEqual(wanted);
  });

  test('makes nothing that is there already', () => {
    const there = {
      ...THERE,
      'ec2 describe-subnets': 'subnet-1',
      'ec2 describe-network-interfaces': 'eni-1',
    };
    const calls = runScript(there, 'demo');
    expect(calls.filter((call) => /^ec2 (create|attach)/.test(call))).toEqual([]);
  });

  test('deletes the subnets, and only ENIs of its own that are attached to nothing', () => {
    const there = {
      ...THERE,
      'ec2 describe-subnets': 'subnet-1',
      'ec2 describe-network-interfaces': 'eni-1',
    };
    const calls = runScript(there, 'demo', '--delete');
    const [looked = ''] = callsOf(calls, 'describe-network-interfaces');
    expect(looked).toContain('Name=tag:multus-first-deployment,Values=demo');
    expect(looked).toContain('Name=status,Values=available');
    expect(callsOf(calls, 'delete-network-interface')).toHaveLength(1);
    expect(callsOf(calls, 'delete-subnet')).toHaveLength(2);
  });

  test('does nothing without a cluster', () => {
    expect(() => runScript(THERE)).toThrow(/usage/);
  });
});

describe('the page', () => {
  test('has commands that are there', () => {
    expect(commands.length).toBeGreaterThan(15);
    const { scripts } = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
    const named = commands.flatMap((command) => command.match(/(?<=npm run )[\w:-]+/g) ?? []);
    expect(named).toEqual(expect.arrayContaining(['conformance', 'deploy', 'kustomize']));
    for (const name of named) expect(Object.keys(scripts)).toContain(name);
    const paths = commands.flatMap(
      (command) => command.match(/\b(deploy|config)\/[\w./-]+/g) ?? [],
    );
    // Written by a command of the page, and a pattern.
    const made = ['deploy/overlays/demo', 'config/prod.yml', 'deploy/samples/ipvlan-conf-'];
    for (const path of new Set(paths).difference(new Set(made))) {
      expect(existsSync(join(ROOT, path)), path).toBe(true);
    }
  });

  test('names the cluster and its workers as the file does', () => {
    const { name } = cluster.metadata;
    const [workers] = cluster.managedNodeGroups;
    expect(commands).toContain(`deploy/first-deployment/multus-enis.sh ${name}`);
    expect(commands).toContain(
      `eksctl delete nodegroup --cluster ${name} --name ${workers.name} --wait`,
    );
    expect(PAGE).toContain(
      `${workers.desiredCapacity === 2 ? 'two' : '?'} ${workers.instanceType}`,
    );
  });

  test('adds its prices up', () => {
    const cents = [...PAGE.matchAll(/^\| [^|]*\| (\d\.\d\d) \|$/gm)].map(([, each = '']) =>
      Math.round(Number(each) * 100),
    );
    const [, together = ''] = /\*\*(\d\.\d\d)\*\*/.exec(PAGE) ?? [];
    expect(cents).toHaveLength(4);
    expect(cents.reduce((sum, each) => sum + each)).toBe(Math.round(Number(together) * 100));
  });
});
