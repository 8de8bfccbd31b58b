import { describe, expect, test } from 'vitest';
import { chunkPdf, MAX_PDF_BYTES, readPdf } from '../../src/agents/knowledge/pdf.js';
import { layOut, type PdfItem } from '../../src/agents/knowledge/pdf-layout.js';
import { linesOf, writePdf } from '../support/pdf-writer.js';

const entry = new URL('../../dist/agents/knowledge/pdf-thread.js', import.meta.url);
const read = (bytes: Uint8Array, signal?: AbortSignal) => readPdf(bytes, { entry, signal });

const items = (lines: readonly [text: string, y: number, height?: number, x?: number][]): PdfItem[] =>
  lines.map(([text, y, height = 10, x = 50]) => ({ text, x, y, width: text.length * 5, height, endsLine: true }));

describe('the layout of a PDF', () => {
  test('has headings by size, paragraphs by distance, and list entries', () => {
    const blocks = layOut([
      items([
        ['The Handbook', 800, 20],
        ['Opening times', 770, 14],
        ['We open at eight and', 750],
        ['close at six.', 738],
        ['On Sundays we rest.', 710],
        ['• bring a card', 690],
        ['2) sign the form', 678],
      ]),
    ]);
    expect(blocks.map(({ kind, level, text }) => [kind, level, text])).toEqual([
      ['heading', 1, 'The Handbook'],
      ['heading', 2, 'Opening times'],
      ['text', 0, 'We open at eight and close at six.'],
      ['text', 0, 'On Sundays we rest.'],
      ['item', 0, 'bring a card'],
      ['item', 0, 'sign the form'],
    ]);
  });

  test('joins words that were divided, and sentences over the end of a page', () => {
    const [first, second] = layOut([
      items([
        ['It is of great impor-', 100],
        ['tance that the', 88],
      ]),
      items([
        ['door stays shut.', 800],
        ['Thank you.', 760],
      ]),
    ]);
    expect(first).toMatchObject({ text: 'It is of great importance that the door stays shut.', page: 1 });
    expect(second).toMatchObject({ text: 'Thank you.', page: 2 });
  });

  test('leaves out page numbers and what all pages have at their edges', () => {
    const page = (n: number) =>
      items([
        [`Handbook 2026 – page ${n}`, 820],
        [`Chapter ${'abcd'[n]} says this.`, 700],
        ['More text here.', 688],
        [`${n}`, 30],
      ]);
    const text = layOut([0, 1, 2, 3].map(page))
      .map((block) => block.text)
      .join(' ');
    expect(text).not.toContain('Handbook');
    expect(text).toContain('Chapter a says this. More text here.');
    expect(text).not.toMatch(/\d/);
  });

  test('leaves out a table of contents, not an unfinished sentence', () => {
    const blocks = layOut([
      items([
        ['1 Opening times . . . . . . . . 12', 100],
        ['2 Prices ........... iv', 88],
        ['And so on ...', 60],
      ]),
    ]);
    expect(blocks.map(({ text }) => text)).toEqual(['And so on ...']);
  });

  test('puts a space between pieces that stand apart on one line, and none within a word', () => {
    const piece = (text: string, x: number, width: number, endsLine = false): PdfItem => ({
      text,
      x,
      y: 100,
      width,
      height: 10,
      endsLine,
    });
    const [block] = layOut([
      [piece('Pri', 50, 15), piece('ce', 65, 10), piece('120', 90, 15), piece(' euros', 105, 30, true)],
    ]);
    expect(block?.text).toBe('Price 120 euros');
  });

  test('of no text is nothing', () => {
    expect(layOut([])).toEqual([]);
    expect(
      layOut([
        [],
        items([
          ['•', 100],
          ['—', 50],
        ]),
      ]),
    ).toEqual([]);
  });
});

describe('a PDF', () => {
  test('becomes passages with title, headings and page', async () => {
    const pdf = writePdf(
      [
        [
          { text: 'House rules', y: 780, size: 20 },
          ...linesOf(['Dogs are welcome in all rooms (and cats, too). They stay', 'free of charge.']),
        ],
        [{ text: 'Parking', y: 780, size: 16 }, ...linesOf(['The garage costs ten euros a day.'])],
      ],
      { title: 'Rules of the house' },
    );
    const chunks = chunkPdf(await read(pdf), 'rules.pdf');
    expect(chunks).toMatchObject([
      {
        id: 'rules.pdf#p1-house-rules-1',
        title: 'Rules of the house',
        page: 1,
        headings: ['House rules'],
        sentences: ['Dogs are welcome in all rooms (and cats, too).', 'They stay free of charge.'],
      },
      { page: 2, headings: ['House rules', 'Parking'], sentences: ['The garage costs ten euros a day.'] },
    ]);
  });

  test.each([
    [
      'is encrypted',
      writePdf([linesOf(['secret'])], { encrypted: true }),
      /^is encrypted: expected a PDF that opens without a password$/,
    ],
    ['is empty', Buffer.alloc(0), /^is broken, or no PDF$/],
    ['is a picture', Buffer.from('\u0089PNG\r\n\u001a\n'.padEnd(1_000, 'x'), 'latin1'), /^is broken, or no PDF$/],
    ['has no text', writePdf([[]]), /^has no text: pictures of pages cannot be read$/],
    ['has too many pages', writePdf(Array.from({ length: 2_001 }, () => [])), /^has more than 2000 pages$/],
  ])('that %s is refused in plain words', async (_what, bytes, message) => {
    await expect(read(bytes)).rejects.toMatchObject({
      code: 'bad-request',
      field: 'knowledge',
      message: expect.stringMatching(message),
    });
  });

  test('that is cut off is read as far as it goes, or refused', async () => {
    const whole = writePdf([linesOf(['One sentence.']), linesOf(['Another sentence.'])]);
    for (const share of [0.3, 0.6, 0.9, 0.99]) {
      const result = await read(whole.subarray(0, Math.floor(whole.length * share))).catch((error: Error) => error);
      expect(result instanceof Error ? result.message : result.blocks.length).toSatisfy(
        (value: unknown) => typeof value === 'number' || /broken|no text/.test(String(value)),
      );
    }
  });

  test('of 50 MB and more is not even looked at', async () => {
    await expect(read(new Uint8Array(MAX_PDF_BYTES + 1))).rejects.toMatchObject({ code: 'too-large' });
  });

  test('stops being read when nobody wants it', async () => {
    const abort = new AbortController();
    const reading = read(writePdf(Array.from({ length: 1_500 }, (_, i) => linesOf([`Page ${i}.`]))), abort.signal);
    abort.abort();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });
});
