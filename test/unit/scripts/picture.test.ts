import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type Box,
  draw,
  type Frame,
  TEXT_SIZE,
  TITLE_SIZE,
} from '../../../scripts/picture/draw.ts';
import { PARTS } from '../../../scripts/picture/parts.ts';

const FILE = join(import.meta.dirname, '../../../docs/parts.svg');
const { boxes, groups, arrows } = PARTS;

/** How wide a text may be at most, in any of the fonts: a letter is wider than this in none. */
const widthOf = (words: string, size: number): number => words.length * size * 0.62;

function touches({ x, y, width, height }: Frame, [pointX, pointY]: readonly number[]): boolean {
  if (pointX === undefined || pointY === undefined) return false;
  return pointX >= x && pointX <= x + width && pointY >= y && pointY <= y + height;
}

describe('the picture of the parts', () => {
  test('is what `npm run picture` draws', () => {
    expect(readFileSync(FILE, 'utf8')).toBe(draw(PARTS));
  });

  test('says in words what it shows, and has colours for dark and light', () => {
    const svg = draw(PARTS);
    expect(svg).toContain('role="img" aria-labelledby="title description"');
    expect(svg).toContain('@media (prefers-color-scheme: dark)');
    for (const { title } of boxes) {
      const [name = ''] = title.split(' (');
      expect(PARTS.description.toLowerCase(), name).toContain(name.toLowerCase());
    }
  });

  test.each(boxes)('has room for $title, within a group', (box: Box) => {
    expect(widthOf(box.title, TITLE_SIZE)).toBeLessThanOrEqual(box.width);
    for (const line of box.lines) {
      expect(widthOf(line, TEXT_SIZE), line).toBeLessThanOrEqual(box.width);
    }
    const corner = [box.x + box.width, box.y + box.height];
    expect(
      groups.filter((group) => touches(group, [box.x, box.y]) && touches(group, corner)),
    ).toHaveLength(1);
  });

  test('has no box over another, and an arrow at each', () => {
    for (const box of boxes) {
      const { x, y, width, height } = box;
      const corners = [x, x + width].flatMap((left) => [y, y + height].map((top) => [left, top]));
      const others = boxes.filter((other) => other !== box);
      expect(others.filter((other) => corners.some((corner) => touches(other, corner)))).toEqual(
        [],
      );
      const ends = arrows.flatMap(({ path }) => [path[0] ?? [], path.at(-1) ?? []]);
      expect(
        ends.some((end) => touches(box, end)),
        box.title,
      ).toBe(true);
    }
  });

  test('has arrows that end at a box', () => {
    for (const { path, label } of arrows) {
      const end = path.at(-1) ?? [];
      expect(
        boxes.some((box) => touches(box, end)),
        label,
      ).toBe(true);
    }
  });
});
