import { fieldAt, type KubeObject } from './object.ts';
import type { Resource } from './resources.ts';
import { badRequest } from './status.ts';

export type Matcher = (object: KubeObject) => boolean;

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
      if (parsed === null)
        throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
      const [, field = '', operator, value] = parsed;
      if (!known.includes(field)) throw badRequest(`field label not supported: ${field}`);
      return (object) => (String(fieldAt(object, field) ?? '') === value) === (operator !== '!=');
    });
  return (object) => terms.every((term) => term(object));
}
