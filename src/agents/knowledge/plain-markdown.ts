/** Text of other formats as Markdown that says exactly this text. */

/** One paragraph; nothing at its beginning is taken for a heading, a list, a quotation or a table. */
export function paragraph(text: string): string {
  const line = oneLine(text);
  const number = /^(\d{1,3})([.)])(?=\s)/u.exec(line);
  if (number !== null) return `${number[1]}\\${number[2]}${line.slice(number[0].length)}`;
  if (line.startsWith('•')) return line.replace(/^•\s*/u, '');
  return /^(?:[#>|~`+*-])/u.test(line) ? `\\${line}` : line;
}

/** A cell of a table. */
export function cell(text: string): string {
  return oneLine(text).replace(/\|/gu, '\\|');
}

export function oneLine(text: string): string {
  return text
    .replace(/[\s\u00ad\u200b\ufeff]+/gu, (space) => (/^[\u00ad\u200b\ufeff]+$/u.test(space) ? '' : ' '))
    .trim();
}
