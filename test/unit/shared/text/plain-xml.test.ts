import { describe, expect, it } from 'vitest';
import { type PlainElement, readPlainXml } from '../../../../shared/text/plain-xml.ts';

/** Its children as pairs of name and text; what is named `skipped` is left out. */
function pairs(root: PlainElement): [string, string][] {
  const found: [string, string][] = [];
  root.children((name) => {
    if (name === 'skipped') root.skip();
    else found.push([name, root.text()]);
  });
  return found;
}

function read(xml: string): [string, string][] | undefined {
  return readPlainXml(Buffer.from(xml), pairs);
}

describe('plain XML', () => {
  it('is read with a declaration, a namespace, and space between its elements', () => {
    const xml =
      '<?xml version="1.0"?>\n<root xmlns="http://x/">\n  <a>1</a>\n  <b>2 3</b>\n</root>\n';
    expect(read(xml)).toEqual([
      ['a', '1'],
      ['b', '2 3'],
    ]);
  });

  it('has elements that are empty in two ways', () => {
    expect(read('<root><a/><a></a></root>')).toEqual([
      ['a', ''],
      ['a', ''],
    ]);
    expect(read('<root/>')).toEqual([]);
  });

  it('is left out with all that is in it, if nobody asks for it', () => {
    const inside = '<a>1</a><skipped/><b><skipped><c/></skipped></b>';
    expect(read(`<root><skipped>${inside}</skipped><skipped/><a>2</a></root>`)).toEqual([
      ['a', '2'],
    ]);
  });

  it.each([
    ['&lt;&gt;&amp;&quot;&apos;', '<>&"\''],
    ['&#228;&#xe4;&#x1F600;', 'ää😀'],
    ['&amp;lt;', '&lt;'],
    ['Zürich – 東京', 'Zürich – 東京'],
  ])('has %j for %j', (written, meant) => {
    expect(read(`<root><a>${written}</a></root>`)).toEqual([['a', meant]]);
  });

  it.each([
    ['a comment', '<root><a>1</a><!-- b --></root>'],
    ['CDATA', '<root><a><![CDATA[1]]></a></root>'],
    ['a document type', '<!DOCTYPE root><root><a>1</a></root>'],
    ['a processing instruction', '<root><?a b?></root>'],
    ['an attribute of an element that is not asked for', '<root><skipped of="it"/></root>'],
    ['an element in a text', '<root><a>1<b/></a></root>'],
    ['an entity of its own', '<root><a>&own;</a></root>'],
    ['an end that is missing', '<root><a>1</a>'],
    ['an end in the middle of a tag', '<root><a>1</a'],
    ['no element', 'nothing'],
    ['nothing at all', ''],
  ])('is not what has %s', (_, xml) => {
    expect(read(xml)).toBeUndefined();
  });

  it('lets an error of its reader through', () => {
    const failing = (): never => {
      throw new Error('of the reader');
    };
    expect(() => readPlainXml(Buffer.from('<root/>'), failing)).toThrow('of the reader');
  });
});
