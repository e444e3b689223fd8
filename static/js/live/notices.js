// Being told: an event's `tell` names this agent. The words, the sound and whether at all come from the server. Of
// several tabs one speaks, and none when a focused one shows that conversation. The service worker opens what is clicked.

import { ajax, get, post } from "../lib/http.js";
import { toast, toastProblem } from "../lib/toast.js";
import { myself, openConversation } from "./parts.js";

const ONE_SOUND = 1_500; // several at once sound like one

const tabs = new BroadcastChannel("tresen-notices");
const handled = new Set(); // events, by their ids
const seen = new Set(); // events that somebody looks at in another tab
let speaks = false;
let playedAt = 0;

export function listen() {
  tabs.onmessage = ({ data }) => seen.add(data);
  navigator.locks?.request(`tresen-notices-${myself()}`, () => {
    speaks = true;
    return new Promise(() => {}); // until this tab closes
  });
  document.addEventListener("tresen:resync", catchUp);
  navigator.serviceWorker?.register("/service-worker.js").catch((error) => console.warn("No service worker", error));
  navigator.serviceWorker?.addEventListener("message", ({ data }) => (data.ask ? ask(data.ask) : data.open && open(data.open)));
}

export async function applyToNotices(event) {
  if (event.kind === "read") return takeDown(event.conversation);
  const kind = event.tell?.[myself()];
  if (!kind || handled.has(event.id)) return;
  handled.add(event.id);
  if (document.hasFocus() && openConversation() === event.conversation) return tabs.postMessage(event.id);
  if (!speaks) return;
  const notice = await get(`/conversations/${event.conversation}/notice/?kind=${kind}`).catch(() => null);
  if (!notice || seen.delete(event.id)) return;
  if (notice.channels.includes("sound") && Date.now() - playedAt > ONE_SOUND) {
    playedAt = Date.now();
    new Audio(notice.sound).play().catch(() => {}); // nobody has touched this tab yet
  }
  if (!notice.channels.includes("screen")) return;
  // Without leave to show it, it is at least read out to whoever has the page read to them.
  if (window.Notification?.permission !== "granted") return document.getElementById("said").replaceChildren(`${notice.title}: ${notice.body}`);
  (await navigator.serviceWorker.ready).showNotification(notice.title, notice);
}

// What was told while there was no connection.
async function catchUp({ detail }) {
  if (!detail.since || !speaks) return;
  const missed = await get(`/notices/?since=${detail.since}`).catch(() => null);
  missed?.events.forEach(applyToNotices);
}

// What has been read, here or elsewhere, need not be shown any longer.
async function takeDown(conversation) {
  const worker = await navigator.serviceWorker?.getRegistration();
  for (const shown of (await worker?.getNotifications({ tag: `conversation-${conversation}` })) ?? []) shown.close();
}

// The notification's button: have the customer asked for a word before the window closes.
async function ask(url) {
  await post(url).then(({ words }) => toast(words), toastProblem);
}

function open(url) {
  if (location.pathname === url) return;
  if (!document.getElementById("thread")) return location.assign(url);
  ajax("GET", url, { target: "#thread", swap: "outerHTML show:none" });
}
