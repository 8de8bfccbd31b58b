/** A web page as Markdown: its main text with headings, lists and tables, without what stands around it or is not to be seen. */
import { type DefaultTreeAdapterTypes, parse } from 'parse5';
import { cell, oneLine, paragraph } from './plain-markdown.js';

type Element = DefaultTreeAdapterTypes.Element;
type Node = DefaultTreeAdapterTypes.Node;

export interface HtmlText {
  title: string | undefined;
  /** Of `<link rel="canonical">`: http or https. */
  url: string | undefined;
  markdown: string;
}

/** Never text of the page, or nothing that can be read out. */
const SKIPPED = new Set(
  'script style template noscript svg math canvas iframe object embed audio video picture map form button select input textarea dialog pre nav aside footer menu head title link meta'.split(
    ' ',
  ),
);
const SKIPPED_ROLES = new Set(
  'navigation banner contentinfo search dialog alertdialog complementary menu menubar'.split(' '),
);
const BLOCKS = new Set(
  'p div section article main header blockquote figure figcaption address details summary center fieldset hgroup'.split(
    ' ',
  ),
);
/** Deeper nesting is no page that a person wrote. */
const MAX_DEPTH = 400;
/** Less than this in what calls itself the main part, and the whole page is read. */
const MIN_MAIN_CHARACTERS = 200;
const HIDDEN =
  /(?:display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0+)?\s*(?:;|$)|font-size\s*:\s*0(?:px|em|rem|pt|%)?\s*(?:;|$))/iu;

/** Never fails: the HTML standard says what every text means. Scripts are not run, and nothing is fetched. */
export function htmlText(html: string): HtmlText {
  const document = parse(html, { scriptingEnabled: false });
  const title = find(document, (element) => element.tagName === 'title');
  const canonical = find(
    document,
    (element) => element.tagName === 'link' && attribute(element, 'rel')?.toLowerCase() === 'canonical',
  );
  const address = canonical === undefined ? undefined : attribute(canonical, 'href');
  const main = find(document, (element) => element.tagName === 'main' || attribute(element, 'role') === 'main');
  const articles = main === undefined ? findAll(document, (element) => element.tagName === 'article') : [];
  const root = main ?? (articles.length === 1 ? articles[0] : undefined);
  const ofMain = root === undefined ? '' : markdownOf(root);
  return {
    title: title === undefined ? undefined : oneLine(textOf(title)) || undefined,
    url:
      address !== undefined && URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)
        ? address
        : undefined,
    markdown: ofMain.length >= MIN_MAIN_CHARACTERS ? ofMain : markdownOf(document),
  };
}

/** The text of bytes whose encoding the server, the first bytes or the page itself name; else UTF-8. */
export function decodeHtml(bytes: Uint8Array, charset?: string): string {
  const head = Buffer.from(bytes.subarray(0, 1024)).toString('latin1');
  const mark =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : undefined;
  const named = /<meta[^>]+charset\s*=\s*["']?\s*([\w-]+)/iu.exec(head)?.[1];
  for (const label of [mark, charset, named, 'utf-8']) {
    if (label === undefined) continue;
    try {
      return new TextDecoder(label).decode(bytes);
    } catch {
      // A name that stands for no encoding.
    }
  }
  return '';
}

function markdownOf(root: Node): string {
  const out: string[] = [];
  let inline = '';
  const flush = (): void => {
    const text = paragraph(inline);
    inline = '';
    if (text !== '') out.push(text);
  };
  const visit = (node: Node, depth: number): void => {
    if (node.nodeName === '#text') {
      inline += (node as DefaultTreeAdapterTypes.TextNode).value;
      return;
    }
    if (!('childNodes' in node) || depth > MAX_DEPTH) return;
    const element = node as Element;
    const tag = 'tagName' in element ? element.tagName : '';
    if (tag !== '' && isSkipped(element)) return;
    const children = (): void => {
      for (const child of element.childNodes) visit(child, depth + 1);
    };
    const level = /^h([1-6])$/.exec(tag)?.[1];
    if (level !== undefined) {
      flush();
      const heading = oneLine(textOf(element));
      if (heading !== '') out.push(`${'#'.repeat(Number(level))} ${heading}`);
    } else if (tag === 'br' || tag === 'wbr') inline += ' ';
    else if (tag === 'table') {
      flush();
      out.push(...table(element));
    } else if (tag === 'ul' || tag === 'ol') {
      flush();
      const items = childElements(element, 'li').map((item) => oneLine(textOf(item)));
      out.push(
        items
          .filter((item) => item !== '')
          .map((item) => `- ${item}`)
          .join('\n'),
      );
    } else if (tag === 'dl') {
      flush();
      out.push(definitions(element));
    } else if (BLOCKS.has(tag)) {
      flush();
      children();
      flush();
    } else children();
  };
  visit(root, 0);
  flush();
  return out.filter((block) => block !== '').join('\n\n');
}

/** A table that only lays out the page is read cell by cell. */
function table(element: Element): string[] {
  const rows = findAll(element, ({ tagName }) => tagName === 'tr').map((row) =>
    row.childNodes.filter((node): node is Element => 'tagName' in node && /^t[dh]$/.test(node.tagName)),
  );
  const isLayout = rows.some((cells) =>
    cells.some((one) => find(one, ({ tagName }) => /^(?:table|p|ul|h[1-6])$/.test(tagName)) !== undefined),
  );
  const hasHead = rows[0]?.some(({ tagName }) => tagName === 'th') === true;
  if (isLayout || !hasHead) return rows.flatMap((cells) => cells.map((one) => paragraph(textOf(one))));
  return [rows.map((cells) => `| ${cells.map((one) => cell(textOf(one))).join(' | ')} |`).join('\n')];
}

function definitions(element: Element): string {
  const lines: string[] = [];
  for (const part of findAll(element, ({ tagName }) => tagName === 'dt' || tagName === 'dd')) {
    const text = oneLine(textOf(part));
    if (part.tagName === 'dt') lines.push(text);
    else if (lines.length > 0) lines[lines.length - 1] += `: ${text}`;
  }
  return lines.map((line) => `- ${line}`).join('\n');
}

function isSkipped(element: Element): boolean {
  const { tagName } = element;
  if (SKIPPED.has(tagName) || SKIPPED_ROLES.has(attribute(element, 'role') ?? '')) return true;
  // The head of a page is decoration; that of an article is its beginning.
  if (tagName === 'header' && isOfPage(element)) return true;
  if (attribute(element, 'hidden') !== undefined || attribute(element, 'aria-hidden') === 'true') return true;
  return HIDDEN.test(attribute(element, 'style') ?? '');
}

function isOfPage(element: Element): boolean {
  for (
    let node: Node | null = element.parentNode;
    node !== null && 'tagName' in node;
    node = (node as Element).parentNode
  )
    if (/^(?:article|main|section)$/.test((node as Element).tagName)) return false;
  return true;
}

function textOf(root: Node): string {
  let text = '';
  const visit = (node: Node, depth: number): void => {
    if (node.nodeName === '#text') text += (node as DefaultTreeAdapterTypes.TextNode).value;
    if (!('childNodes' in node) || depth > MAX_DEPTH) return;
    const element = node as Element;
    if (depth > 0 && 'tagName' in element && isSkipped(element)) return;
    for (const child of element.childNodes) visit(child, depth + 1);
    if ('tagName' in element && (BLOCKS.has(element.tagName) || /^(?:br|li|td|th|h[1-6])$/.test(element.tagName)))
      text += ' ';
  };
  visit(root, 0);
  return text;
}

function attribute(element: Element, name: string): string | undefined {
  return element.attrs?.find((one) => one.name === name)?.value;
}

function childElements(element: Element, tag: string): Element[] {
  return element.childNodes.filter((node): node is Element => 'tagName' in node && node.tagName === tag);
}

function find(root: Node, test: (element: Element) => boolean): Element | undefined {
  return findAll(root, test, 1)[0];
}

/** In the order of the document; not within those that were found. */
function findAll(root: Node, test: (element: Element) => boolean, most = Number.POSITIVE_INFINITY): Element[] {
  const found: Element[] = [];
  const visit = (node: Node, depth: number): void => {
    if (found.length >= most || depth > MAX_DEPTH || !('childNodes' in node)) return;
    for (const child of node.childNodes) {
      if ('tagName' in child && test(child)) found.push(child);
      else visit(child, depth + 1);
      if (found.length >= most) return;
    }
  };
  visit(root, 0);
  return found;
}
