// Shows what is pushed, opens the conversation of a notification, and has one page to show when there is no connection. It keeps that page
// and its styles, and nothing else: no page and no data of anybody.

const OFFLINE = "{{ offline|escapejs }}";
const FILES = [{% for file in files %}"{{ file|escapejs }}"{% if not forloop.last %}, {% endif %}{% endfor %}];
const KEPT = "offline";

addEventListener("install", (event) => {
  skipWaiting();
  const asked = [OFFLINE, ...FILES].map((url) => new Request(url, { credentials: "omit" }));
  event.waitUntil(caches.delete(KEPT).then(() => caches.open(KEPT)).then((cache) => cache.addAll(asked)));
});

addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  if (method !== "GET") return;
  if (mode === "navigate") event.respondWith(fetch(event.request).catch(() => caches.match(OFFLINE)));
  else if (FILES.includes(new URL(url).pathname)) event.respondWith(caches.match(url).then((kept) => kept ?? fetch(event.request)));
});

addEventListener("push", (event) => {
  const { title, ...notice } = event.data.json();
  event.waitUntil(registration.showNotification(title, notice));
});

addEventListener("notificationclick", (event) => {
  const { url, ask } = event.notification.data;
  event.notification.close();
  event.waitUntil(event.action === "ask" ? askBack(ask) : open(url));
});

// One of our pages asks the customer, because it may; without one the board opens, where the button is.
async function askBack(ask) {
  const [page] = await clients.matchAll({ type: "window", includeUncontrolled: true });
  if (page) page.postMessage({ ask });
  else await clients.openWindow("{% url "board" %}");
}

// In the tab that shows the inbox; another page of ours may hold something unsaved.
async function open(url) {
  const pages = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = pages.find((each) => /^\/(conversations\/.*)?$/.test(new URL(each.url).pathname));
  if (!page) return clients.openWindow(url);
  await page.focus().catch(() => {}); // refused when nobody has clicked
  page.postMessage({ open: url });
}
