/**
 * Takes from the tests what the machine they run on would lend them: credentials,
 * proxies, clusters. What a test needs, it passes on itself.
 */
import { afterEach } from 'vitest';
import { takeRefusals } from './loopback-only.ts';
import { PRELOADED } from './preloaded.ts';

const AMBIENT = /^(AWS_.*|KUBECONFIG|KUBERNETES_SERVICE_(HOST|PORT)|(https?|no|all)_proxy)$/i;
for (const name of Object.keys(process.env).filter((each) => AMBIENT.test(each))) {
  delete process.env[name];
}
process.env.AWS_EC2_METADATA_DISABLED = 'true';
process.env.AWS_CONFIG_FILE = '/dev/null';
process.env.AWS_SHARED_CREDENTIALS_FILE = '/dev/null';

// The programs that a test starts are guarded as the test is.
const options = process.env.NODE_OPTIONS ?? '';
const missing = PRELOADED.filter((option) => !options.includes(option));
process.env.NODE_OPTIONS = [options, ...missing].join(' ').trim();

// A refusal fails the test also if the code under test swallowed the error.
afterEach(() => {
  const [refusal] = takeRefusals();
  if (refusal !== undefined) throw refusal;
});
