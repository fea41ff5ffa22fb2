import type { IConfiguration } from 'dependency-cruiser';

const programs = 'functions|forwarder|ip-manager|cli';
const checks = 'conformance|demo|bench|scripts|test';
const ground = '(address|aws-calls|errors|in-groups|proxy|telemetry)\\.ts$|(text|time)/';

/** A floor of shared/ that uses only itself and these. */
function standsOn(room: string, below: string): { path: string; pathNot: string } {
  return { path: '^shared/', pathNot: `^shared/(${below}|${room}/)` };
}

/**
 * Dependencies point one way: functions, forwarder, ip-manager, cli → shared, cli → console, and
 * nothing but tests, demo, benchmarks and scripts → sandbox. Within shared/ they point down:
 *
 *     apply · drift                  doing it · comparing what is with what is wanted
 *     state                          one node's, one cluster's state put together
 *     plan                           what to do
 *     claims                         what pods want
 *     cluster · enis · messages      Kubernetes, EC2, the queue
 *     address, errors, telemetry, text, time
 *
 * Imports of types count.
 */
export default {
  forbidden: [
    {
      name: 'no-cycle',
      severity: 'error',
      comment: 'Two modules that need each other are one, or miss a third.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'An import that is not found would hide from every other rule.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared-package',
      severity: 'error',
      comment: 'A package that package.json does not name comes and goes with the others.',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'shipped-needs-no-development-package',
      severity: 'error',
      comment: 'What runs in Lambda or in the cluster finds only `dependencies`.',
      from: { path: `^(${programs}|shared)/` },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'shared-knows-no-user',
      severity: 'error',
      comment: 'shared/ is what the programs have in common; it knows none of them.',
      from: { path: '^shared/' },
      to: { path: `^(${programs}|sandbox|${checks})/` },
    },
    {
      name: 'programs-apart',
      severity: 'error',
      comment: 'Programs meet through messages and annotations, and share code in shared/.',
      from: { path: '^(functions/[^/]+|forwarder|ip-manager|cli)/' },
      to: { path: '^(functions/[^/]+|forwarder|ip-manager|cli)/', pathNot: '^$1/' },
    },
    {
      name: 'functions-share-downwards',
      severity: 'error',
      comment: 'What the functions have in common knows none of them, nor another program.',
      from: { path: '^functions/[^/]+$' },
      to: { path: '^(functions/[^/]+|forwarder|ip-manager|cli)/' },
    },
    {
      name: 'console-is-a-page',
      severity: 'error',
      comment: 'What runs in a browser knows nothing of the programs, and they nothing of it.',
      from: { path: '^console/page/' },
      to: { pathNot: '^console/(page/|(changes|data|words)\\.ts$)' },
    },
    {
      name: 'console-is-the-operators',
      severity: 'error',
      comment: 'The page comes with the command line, and never with a function.',
      from: { pathNot: `^(console|cli|${checks})/` },
      to: { path: '^console/' },
    },
    {
      name: 'sandbox-is-not-shipped',
      severity: 'error',
      comment: 'Only what checks or shows the product may use its sandbox.',
      from: { pathNot: `^(sandbox|${checks})/` },
      to: { path: '^sandbox/' },
    },
    {
      name: 'sandbox-knows-only-shared',
      severity: 'error',
      comment: 'The sandbox stands in for AWS and Kubernetes, and meets the product by protocol.',
      from: { path: '^sandbox/' },
      to: { path: `^(${programs}|${checks})/` },
    },
    {
      name: 'product-knows-no-check',
      severity: 'error',
      comment: 'Programs do not import what checks, shows or builds them.',
      from: { path: `^(${programs})/` },
      to: { path: `^(${checks})/` },
    },
    {
      name: 'deciding-is-pure',
      severity: 'error',
      comment: 'Nothing that plan and claims use, however indirectly, can reach AWS or Kubernetes.',
      from: { path: '^shared/(plan|claims)/' },
      to: { path: '^node_modules/@(aws-sdk|smithy|kubernetes)/', reachable: true },
    },
    {
      name: 'deciding-needs-no-system',
      severity: 'error',
      comment: 'A decision depends on what it is given, not on the machine.',
      from: { path: '^shared/(plan|claims)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'ground-knows-nothing-of-us',
      severity: 'error',
      comment: 'Addresses, text and time would be the same in another product.',
      from: { path: `^shared/(${ground})` },
      to: { path: '^shared/', pathNot: `^shared/(${ground})` },
    },
    {
      name: 'asking-knows-no-meaning',
      severity: 'error',
      comment: 'Kubernetes, EC2 and the queue are asked apart, and not for a purpose.',
      from: { path: '^shared/(cluster|enis|messages)/' },
      to: standsOn('$1', ground),
    },
    {
      name: 'claims-are-of-the-cluster',
      severity: 'error',
      comment: 'What pods want is read from Kubernetes alone.',
      from: { path: '^shared/claims/' },
      to: standsOn('claims', 'address\\.ts$|text/|cluster/'),
    },
    {
      name: 'plan-only-decides',
      severity: 'error',
      comment: 'plan takes what is wanted and what is there, and returns what to do.',
      from: { path: '^shared/plan/' },
      to: standsOn('plan', 'address\\.ts$|text/|cluster/|enis/|claims/'),
    },
    {
      name: 'state-only-reads',
      severity: 'error',
      comment:
        'What is there is put together; it asks plan whether that is new enough to decide on.',
      from: { path: '^shared/state/' },
      to: standsOn('state', `${ground}|cluster/|enis/|claims/|plan/`),
    },
    {
      name: 'drift-only-compares',
      severity: 'error',
      comment: 'Who compares has no way to do anything about it.',
      from: { path: '^shared/drift/' },
      to: standsOn('drift', `${ground}|cluster/|enis/|claims/|plan/|state/`),
    },
    {
      name: 'apply-only-applies',
      severity: 'error',
      comment: 'Doing takes a decision; messages and configuration are its caller’s.',
      from: { path: '^shared/apply/' },
      to: standsOn('apply', `${ground}|cluster/|enis/|claims/|plan/|state/`),
    },
    {
      name: 'oracle-judges-for-itself',
      severity: 'error',
      comment: 'The rules that tests hold the product against are a second reading of them.',
      from: { path: '^test/support/oracle/' },
      to: { path: '^shared/(plan|apply|state)/' },
    },
  ],
  options: {
    // TypeScript 7 has no compiler API; without a parser named here it would see no module.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: '^node_modules/' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.mts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
      exportsFields: ['exports'],
      conditionNames: ['node', 'import', 'require', 'default', 'types'],
    },
  },
} satisfies IConfiguration;
