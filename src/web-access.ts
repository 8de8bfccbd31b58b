/** Whether an address lies below an allowed one: the same origin, and the same path or one below it. */
export function coversAddress(allowed: URL, url: URL): boolean {
  const path = allowed.pathname.replace(/\/$/, '');
  return url.origin === allowed.origin && (url.pathname === path || url.pathname.startsWith(`${path}/`));
}
