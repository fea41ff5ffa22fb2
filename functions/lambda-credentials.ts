/**
 * Stands for `@aws-sdk/credential-provider-node` in the functions' bundles: Lambda gives a function its
 * credentials in the environment, and changes them only with the whole execution environment.
 */
export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';
