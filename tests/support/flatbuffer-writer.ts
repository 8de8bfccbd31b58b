/** A field of a FlatBuffer table: a number of a width, or something that lies elsewhere. Left out fields are undefined. */
export type Field = undefined | { int8: number } | { int32: number } | Reference;
export type Reference =
  | { table: readonly Field[] }
  | { tables: readonly (readonly Field[])[] }
  | { int32s: readonly number[] }
  | { bytes: Uint8Array };

/** A FlatBuffer with its root table and file identifier; every table has its own vtable before it, children come after their parents. */
export function flatBuffer(identifier: string, root: readonly Field[]): Buffer {
  const out: number[] = [0, 0, 0, 0, ...Buffer.from(identifier, 'latin1')];
  const put32 = (at: number, value: number) => {
    for (let k = 0; k < 4; k++) out[at + k] = (value >> (8 * k)) & 255;
  };
  const align = () => {
    while (out.length % 4 !== 0) out.push(0);
  };
  const reserve = (bytes: number) => {
    const at = out.length;
    for (let i = 0; i < bytes; i++) out.push(0);
    return at;
  };
  const writeTable = (fields: readonly Field[]): number => {
    align();
    const vtable = reserve(4 + 2 * fields.length);
    align();
    const table = reserve(4 + 4 * fields.length);
    put32(table, table - vtable);
    const put16 = (at: number, value: number) => {
      out[at] = value & 255;
      out[at + 1] = value >> 8;
    };
    put16(vtable, 4 + 2 * fields.length);
    put16(vtable + 2, 4 + 4 * fields.length);
    for (const [i, field] of fields.entries()) {
      if (field === undefined) continue;
      const slot = table + 4 + 4 * i;
      put16(vtable + 4 + 2 * i, 4 + 4 * i);
      if ('int8' in field) out[slot] = field.int8 & 255;
      else if ('int32' in field) put32(slot, field.int32);
      else put32(slot, writeReference(field) - slot);
    }
    return table;
  };
  const writeReference = (reference: Reference): number => {
    if ('table' in reference) return writeTable(reference.table);
    align();
    if ('bytes' in reference) {
      const at = reserve(4);
      put32(at, reference.bytes.length);
      out.push(...reference.bytes);
      return at;
    }
    const items = 'int32s' in reference ? reference.int32s : reference.tables;
    const at = reserve(4 + 4 * items.length);
    put32(at, items.length);
    for (const [i, item] of items.entries()) {
      const slot = at + 4 + 4 * i;
      put32(slot, typeof item === 'number' ? item : writeTable(item) - slot);
    }
    return at;
  };
  put32(0, writeTable(root));
  return Buffer.from(out);
}

/** A FlexBuffer map of whole numbers, floats and lists of whole numbers, everything four bytes wide. */
export function flexMap(entries: Readonly<Record<string, number | { float: number } | readonly number[]>>): Buffer {
  const out: number[] = [];
  const put = (value: number) => out.push(value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255);
  const names = Object.keys(entries).sort();
  const keyAt = names.map((name) => {
    const at = out.length;
    out.push(...Buffer.from(`${name}\0`, 'latin1'));
    return at;
  });
  while (out.length % 4 !== 0) out.push(0);
  const listAt = new Map<string, number>();
  for (const name of names) {
    const value = entries[name];
    if (!Array.isArray(value)) continue;
    put(value.length);
    listAt.set(name, out.length);
    for (const item of value) put(item);
  }
  put(names.length);
  const keys = out.length;
  for (const at of keyAt) put(out.length - at);
  put(out.length - keys);
  put(4);
  put(names.length);
  const values = out.length;
  for (const name of names) {
    const value = entries[name] ?? 0;
    if (typeof value === 'number') put(value);
    else if ('float' in value) out.push(...new Uint8Array(Float32Array.of(value.float).buffer));
    else put(out.length - (listAt.get(name) ?? 0));
  }
  const WIDTH_4 = 2;
  for (const name of names) {
    const value = entries[name];
    out.push(((typeof value === 'number' ? 1 : Array.isArray(value) ? 11 : 3) << 2) | WIDTH_4);
  }
  const root = out.length;
  out.push(root - values, (9 << 2) | WIDTH_4, 1);
  return Buffer.from(out);
}
