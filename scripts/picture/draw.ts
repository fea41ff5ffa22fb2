/** Lengths are in the units of the picture, which are pixels at its natural size. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Box extends Frame {
  readonly title: string;
  readonly lines: readonly string[];
}

/** A frame around boxes, with its title above them. */
export interface Group extends Frame {
  readonly title: string;
}

export type Point = readonly [x: number, y: number];

export interface Arrow {
  /** From its beginning over its corners to its head. */
  readonly path: readonly Point[];
  readonly label: string;
  /** Where the label begins, ends or has its middle. */
  readonly at: Point;
  readonly anchor: 'start' | 'middle' | 'end';
  /** No message or call goes this way: it is what comes of them. */
  readonly dashed?: boolean;
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** For who cannot see it. */
  readonly title: string;
  readonly description: string;
  readonly groups: readonly Group[];
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

export const TITLE_SIZE = 15;
export const TEXT_SIZE = 12;
const LINE = 17;

/** The colours are those of who looks: light, or dark where they prefer that. */
const STYLE = `
text { font-family: system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; font-size: ${TEXT_SIZE}px; fill: #3d4752; }
.title { font-size: ${TITLE_SIZE}px; font-weight: 600; fill: #16202b; }
.group { fill: #f3f6f9; stroke: #c3ccd6; }
.box { fill: #ffffff; stroke: #4a6785; stroke-width: 1.5; }
.arrow { fill: none; stroke: #2f6db0; stroke-width: 1.8; }
.dashed { stroke-dasharray: 5 4; }
.head { fill: #2f6db0; }
.ground { fill: #ffffff; }
@media (prefers-color-scheme: dark) {
  text { fill: #b9c4d0; }
  .title { fill: #eef3f8; }
  .group { fill: #151c25; stroke: #394655; }
  .box { fill: #1e2936; stroke: #7f9dbd; }
  .arrow { stroke: #79b4f2; }
  .head { fill: #79b4f2; }
  .ground { fill: #0d1117; }
}`;

/** Draws a picture as SVG, the same text for the same picture. */
export function draw(picture: Picture): string {
  const { width, height, title, description } = picture;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title description">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="description">${escaped(description)}</desc>`,
    `<style>${STYLE}\n</style>`,
    '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0L10 5L0 10z"/></marker></defs>',
    `<rect class="ground" width="${width}" height="${height}" rx="8"/>`,
    ...picture.groups.map(drawGroup),
    ...picture.arrows.map(drawArrow),
    ...picture.boxes.map(drawBox),
    '</svg>',
  ].join('\n')}\n`;
}

function drawGroup(group: Group): string {
  return [rectangle(group, 'group'), text(group.x + 14, group.y + 24, group.title, 'title')].join(
    '\n',
  );
}

function drawBox(box: Box): string {
  const middle = box.x + box.width / 2;
  const first = box.y + (box.height - LINE * box.lines.length) / 2 + 5;
  return [
    rectangle(box, 'box'),
    text(middle, first, box.title, 'title', 'middle'),
    ...box.lines.map((line, at) => text(middle, first + LINE * (at + 1), line, '', 'middle')),
  ].join('\n');
}

function drawArrow({ path, label, at: [x, y], anchor, dashed = false }: Arrow): string {
  const [[startX, startY] = [0, 0], ...rest] = path;
  const corners = rest.map(([cornerX, cornerY]) => `L${cornerX} ${cornerY}`).join('');
  const lines = label
    .split('\n')
    .map((line, number) => text(x, y + number * LINE, line, '', anchor));
  const name = dashed ? 'arrow dashed' : 'arrow';
  return [
    `<path class="${name}" d="M${startX} ${startY}${corners}" marker-end="url(#head)"/>`,
    ...lines,
  ].join('\n');
}

function rectangle({ x, y, width, height }: Frame, name: string): string {
  return `<rect class="${name}" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>`;
}

function text(x: number, y: number, words: string, name = '', anchor = 'start'): string {
  const attributes = [
    ...(name === '' ? [] : [`class="${name}"`]),
    `x="${x}" y="${y}"`,
    ...(anchor === 'start' ? [] : [`text-anchor="${anchor}"`]),
  ];
  return `<text ${attributes.join(' ')}>${escaped(words)}</text>`;
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
