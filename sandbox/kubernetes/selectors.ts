import { fieldAt, type KubeObject } from './object.ts';
import type { Resource } from './resources.ts';
import { badRequest } from './status.ts';

export type Matcher = (object: KubeObject) => boolean;

type Labels = Readonly<Record<string, string>>;

function requirement(text: string): (labels: Labels) => boolean {
  const set = /^([^\s!=,()]+)\s+(in|notin)\s+\(([^()]*)\)$/.exec(text);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    return (labels) => values.includes(labels[key] ?? '\0') === (operator === 'in');
  }
  const equality = /^([^\s!=,()]+)\s*(==|=|!=)\s*([^\s!=,()]*)$/.exec(text);
  if (equality !== null) {
    const [, key = '', operator, value] = equality;
    return (labels) => (labels[key] === value) === (operator !== '!=');
  }
  const existence = /^(!?)([^\s!=,()]+)$/.exec(text);
  if (existence === null) throw badRequest(`unable to parse requirement: ${text}`);
  const [, not, key = ''] = existence;
  return (labels) => key in labels === (not === '');
}

/**
 * Reads a label selector: `a=b`, `a!=b`, `a`, `!a`, `a in (b,c)`, `a notin (b,c)`,
 * joined by commas.
 *
 * @throws StatusError 400
 */
export function parseLabelSelector(text: string): Matcher {
  const terms = text
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== '')
    .map(requirement);
  return (object) => terms.every((term) => term(object.metadata.labels ?? {}));
}

/**
 * Reads a field selector: `=`, `==` and `!=` on the fields that the resource
 * offers, joined by commas.
 *
 * @throws StatusError 400
 */
export function parseFieldSelector(resource: Resource, text: string): Matcher {
  const known = ['metadata.name', 'metadata.namespace', ...resource.selectableFields];
  const terms = text
    .split(',')
    .filter((term) => term !== '')
    .map((term): Matcher => {
      const parsed = /^([^=!]+)(==|=|!=)(.*)$/.exec(term);
      if (parsed === null) throw badRequest(`invalid selector: '${term}'; can't understand it`);
      const [, field = '', operator, value] = parsed;
      if (!known.includes(field)) throw badRequest(`field label not supported: ${field}`);
      return (object) => (String(fieldAt(object, field) ?? '') === value) === (operator !== '!=');
    });
  return (object) => terms.every((term) => term(object));
}
