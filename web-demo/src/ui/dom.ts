type Child = Node | string;
type Attributes = Record<string, string | boolean | ((event: Event) => void) | undefined>;

/** Makes an element. Functions become listeners (`onclick`), booleans switch attributes, everything else is set as text. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.replace(/^on/, ''), value);
    else if (typeof value === 'string') element.setAttribute(name, value);
    else if (value) element.setAttribute(name, '');
  }
  element.append(...children);
  return element;
}

/** Writes only what differs: an unchanged node is no news to a screen reader. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}
