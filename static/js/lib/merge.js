// The entries of a list as the server has them now. One that it still draws the same stays the element it is, so that
// what is used in it goes on; `carry(old, fresh)` takes over what somebody did to one that is drawn anew.

const drawn = new WeakMap(); // element → the server's HTML of it

export function merge(list, entries, carry) {
  const known = new Map([...list.children].map((child) => [child.id, child]));
  const wanted = entries.map((entry) => {
    const old = known.get(entry.id);
    const html = entry.outerHTML;
    if (old && drawn.get(old) === html) return old;
    drawn.set(entry, html);
    if (old) carry(old, entry);
    return entry;
  });
  for (const child of [...list.children]) if (!wanted.includes(child)) child.remove();
  wanted.forEach((entry, place) => list.children[place] === entry || list.insertBefore(entry, list.children[place] ?? null));
  window.htmx.process(list);
}
