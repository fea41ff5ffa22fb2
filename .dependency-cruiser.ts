import type { IConfiguration } from 'dependency-cruiser';

const programs = 'functions|forwarder|ip-manager|cli';
const checks = 'demo|bench|scripts|test';
/** plan, and what it may call. */
const deciding = ['^shared/(plan|claims)/', '^shared/enis/choose-eni\\.ts$'];

/**
 * Dependencies point one way: functions, forwarder, ip-manager, cli → shared, and
 * nothing but tests, demo, benchmarks and scripts → sandbox. Imports of types count.
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
      comment: 'plan, and what it may call, has no way to do I/O.',
      from: { path: deciding },
      to: { path: '^node_modules/@(aws-sdk|smithy|kubernetes)/' },
    },
    {
      name: 'deciding-needs-no-system',
      severity: 'error',
      comment: 'plan, and what it may call, has no way to do I/O.',
      from: { path: deciding },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'plan-knows-only-what-it-decides-on',
      severity: 'error',
      comment: 'plan takes what is wanted and what is there, and returns what to do.',
      from: { path: '^shared/plan/' },
      to: { path: '^shared/', pathNot: '^shared/((plan|claims|enis|cluster)/|address\\.ts$)' },
    },
    {
      name: 'plan-takes-types-of-enis-and-cluster',
      severity: 'error',
      comment: 'Of what talks to EC2 and EKS plan knows the data; choosing an ENI is pure too.',
      from: { path: '^shared/plan/' },
      to: {
        path: '^shared/(enis|cluster)/',
        pathNot: '^shared/enis/choose-eni\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'reading-precedes-deciding',
      severity: 'error',
      comment: 'What is wanted and what is there are read without knowing what becomes of them.',
      from: { path: '^shared/(claims|enis|cluster|messages|state)/' },
      to: { path: '^shared/(plan|apply)/' },
    },
    {
      name: 'plan-is-not-done-by-plan',
      severity: 'error',
      comment: 'Deciding does not know doing.',
      from: { path: '^shared/plan/' },
      to: { path: '^shared/apply/' },
    },
    {
      name: 'apply-only-applies',
      severity: 'error',
      comment: 'Doing takes a decision; messages and configuration are its caller’s.',
      from: { path: '^shared/apply/' },
      to: {
        path: '^shared/',
        pathNot: '^shared/((apply|plan|claims|enis|cluster|state)/|(address|clock)\\.ts$)',
      },
    },
    {
      name: 'oracle-judges-for-itself',
      severity: 'error',
      comment: 'The rules that tests hold the product against are a second reading of them.',
      from: { path: '^test/support/oracle/' },
      to: { path: ['^shared/(plan|apply|state)/', '^shared/enis/choose-eni\\.ts$'] },
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
