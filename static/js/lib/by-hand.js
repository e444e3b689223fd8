// Whether somebody is at this page. What it asks for by itself, once nobody has touched it for a minute, says so: a page
// that was forgotten must not keep its session alive (accounts/middleware.py).

const LATELY = 60_000;
let touchedAt = Date.now(); // loading it was done by hand

for (const kind of ["pointerdown", "keydown", "wheel", "touchstart"]) {
  addEventListener(kind, () => (touchedAt = Date.now()), { passive: true, capture: true });
}

export const touchedSince = (moment) => touchedAt > moment;

export const mark = () => (Date.now() - touchedAt > LATELY ? { "X-Automatic": "1" } : {});

document.addEventListener("htmx:configRequest", ({ detail }) => Object.assign(detail.headers, mark()));
