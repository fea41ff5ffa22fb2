import { XmlShapeDeserializer } from '@aws-sdk/core/protocols';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPlainXml } from '../../../../shared/enis/plain-xml.ts';

/** The SDK's own parser of XML, apart from the schemas by which it reads on. */
class Sdk extends XmlShapeDeserializer {
  contentOf(xml: string): unknown {
    return this.parseXml(xml);
  }
}

const sdk = new Sdk({
  xmlNamespace: '',
  serviceNamespace: '',
  timestampFormat: { useTrait: true, default: 5 },
});

const ESCAPES = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
]);
const text = fc
  .string({ unit: fc.constantFrom(...'aé😀 \n\t', ...ESCAPES.keys()), maxLength: 8 })
  .map((value) => [...value].map((each) => ESCAPES.get(each) ?? each).join(''));
const name = fc.constantFrom('item', 'tagSet', 'value');
/** Answers stand on one line, or are laid out. */
const gap = fc.constantFrom('', '\n', '\n    ');

const { content } = fc.letrec<{ content: string; element: string }>((tie) => ({
  content: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'xml' },
    text,
    fc
      .tuple(gap, fc.array(tie('element'), { minLength: 1, maxLength: 4 }))
      .map(([between, elements]) => `${between}${elements.join(between)}${between}`),
  ),
  element: fc.oneof(
    name.map((each) => `<${each}/>`),
    fc.tuple(name, tie('content')).map(([each, within]) => `<${each}>${within}</${each}>`),
  ),
}));

const answer = (within: string): string => `<Answer>${within}</Answer>`;

describe('plain XML', () => {
  it('is read as the SDK reads it', () => {
    fc.assert(
      fc.property(content, (within) => {
        expect(readPlainXml(answer(within))).toEqual(sdk.contentOf(answer(within)));
      }),
      { numRuns: 500 },
    );
  });

  it('may have a declaration and a namespace', () => {
    const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
    const xml = `${declaration}<Answer xmlns="http://ec2.amazonaws.com/doc/"><a>1</a></Answer>\n`;
    expect(readPlainXml(xml)).toEqual({ a: '1' });
  });

  it('may have elements with the names of what every object has', () => {
    const xml = answer('<constructor>1</constructor><toString/>');
    expect(readPlainXml(xml)).toEqual({ constructor: '1', toString: '' });
  });

  it.each([
    ['', 'nothing'],
    ['no XML', 'text alone'],
    ['<Answer><a>1</a>', 'no end'],
    ['<Answer><a>1</Answer>', 'an element without an end'],
    ['<Answer><a>1</b></Answer>', 'an end of another element'],
    ['<Answer><a>1</aa></Answer>', 'an end of one that begins alike'],
    ['<Answer><a', 'a tag without an end'],
    ['<Answer></Answer><a></a>', 'two roots'],
    ['<Answer xmlns="x" id="1"></Answer>', 'attributes of the root'],
    [answer('<a id="1">1</a>'), 'attributes'],
    [answer('<a id="1"/>'), 'attributes of an empty element'],
    [answer('<a />'), 'a blank in a tag'],
    [answer('<!-- 1 -->'), 'a comment'],
    [answer('<!--<a/>-->'), 'a comment with an element'],
    [answer('<a><![CDATA[1]]></a>'), 'CDATA'],
    [answer('<?a?>'), 'an instruction'],
    [answer('text<a/>'), 'text before an element'],
    [answer('<a/>text'), 'text behind an element'],
    [answer('&#233;'), 'a character by its number'],
    [answer('&unknown;'), 'an unknown entity'],
    [answer('\r\n'), 'a carriage return'],
    [`<!DOCTYPE a>${answer('')}`, 'a document type'],
  ])('is not: %j, %s', (xml) => {
    expect(readPlainXml(xml)).toBeUndefined();
  });
});
