/**
 * `npm run audit`: asks the registry whether something that is shipped has a known vulnerability.
 * It fails also where the registry does not answer, since then nothing is known.
 */
import { spawnSync } from 'node:child_process';
import { readAudit } from './audit-report.ts';

const { stdout, error } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8' });
const audit = readAudit(stdout ?? '');

switch (audit.kind) {
  case 'clean':
    console.log('No package that is shipped has a known vulnerability.');
    break;
  case 'vulnerable':
    for (const line of audit.packages) console.error(line);
    console.error(`${audit.packages.length} packages that are shipped have known vulnerabilities.`);
    process.exitCode = 1;
    break;
  case 'unanswered':
    console.error(`The registry audits nothing: ${error?.message ?? audit.why}`);
    console.error('Nothing is known of vulnerabilities. Ask a registry that serves audits.');
    process.exitCode = 2;
}
