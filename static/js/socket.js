// The one WebSocket of this page. It connects, comes back after any loss, notices sleep, and says what happened:
//   tresen:event   detail: one event from the server (inbox/events.py), batches unpacked, in order
//   tresen:state   detail: "open", "connecting" or "offline"
//   tresen:resync  detail: { list, thread, since }: what may have been missed and must be fetched through the normal
//                  views, and since when (server's time) nothing was heard
//   tresen:signed-out  cancelable; the default is to go to the sign-in page
// All are dispatched on document.

import { touchedSince } from "./lib/by-hand.js";

const SIGNED_OUT = [4401, 4403];
const FIRST_PAUSE = 300;
const LONGEST_PAUSE = 10_000;
const SILENCE = 45_000; // the server beats every 20 s
const PROBE = 4_000;
const HIDDEN_LONG = 60_000;
const TOO_OLD = 12 * 3_600_000;
const ACTIVE_EVERY = 60_000;

let socket = null;
let state = "";
let failures = 0;
let retryTimer = 0;
let probeTimer = 0;
let heardAt = 0;
let lostAt = 0;
let hiddenAt = 0;
let opened = false;
let ended = false;
let activeAt = Date.now();
let build = null;
let viewed = null;
const offsets = [];

// The server's clock in milliseconds, whatever this computer's says.
export function serverNow() {
  return Date.now() + (offsets.length ? Math.max(...offsets) : pageOffset);
}

const pageOffset = Number(document.body?.dataset.now || Date.now()) - Date.now();

// A small hint to the server; dropped while there is no connection, since none matters later.
export function hint(payload) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(payload));
}

// What this page has open, so that colleagues see it and marks arrive. null: nothing.
export function view(conversation) {
  viewed = conversation;
  hint({ kind: "view", conversation: document.hidden ? null : viewed });
}

export function start() {
  document.addEventListener("visibilitychange", visibilityChanged);
  addEventListener("online", () => (isOpen() ? probe() : connect()));
  addEventListener("offline", () => setState("offline"));
  addEventListener("pageshow", (event) => event.persisted && (isOpen() ? probe() : connect()));
  addEventListener("pagehide", leave);
  setInterval(checkSilence, 5_000);
  connect();
}

// Also into the browser's memory of pages, from which it may come back.
function leave() {
  const open = socket;
  socket = null;
  lostAt ||= Date.now();
  clearTimeout(retryTimer);
  open?.close(1000);
}

function isOpen() {
  return socket?.readyState === WebSocket.OPEN;
}

function connect() {
  clearTimeout(retryTimer);
  retryTimer = 0;
  if (ended || socket) return;
  setState(navigator.onLine === false ? "offline" : "connecting");
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const attempt = new WebSocket(`${scheme}//${location.host}/ws/`);
  socket = attempt;
  heardAt = Date.now();
  attempt.addEventListener("message", (message) => attempt === socket && receive(message.data));
  attempt.addEventListener("close", (event) => attempt === socket && closed(event.code));
}

function closed(code) {
  socket = null;
  clearTimeout(probeTimer);
  if (SIGNED_OUT.includes(code)) {
    ended = true;
    setState("offline");
    const event = new CustomEvent("tresen:signed-out", { cancelable: true });
    if (document.dispatchEvent(event)) signIn();
    return;
  }
  lostAt ||= Date.now();
  setState(navigator.onLine === false ? "offline" : "connecting");
  // 0.3 s first, then anywhere up to a doubling limit: many pages must not come back at the same moment.
  const limit = Math.min(LONGEST_PAUSE, 500 * 2 ** failures);
  const pause = failures === 0 ? FIRST_PAUSE : Math.max(FIRST_PAUSE, Math.random() * limit);
  failures += 1;
  clearTimeout(retryTimer);
  retryTimer = setTimeout(connect, pause);
}

function signIn() {
  location.assign(`/accounts/login/?next=${encodeURIComponent(location.pathname + location.search)}`);
}

function receive(text) {
  heardAt = Date.now();
  clearTimeout(probeTimer);
  let frame;
  try {
    frame = JSON.parse(text);
  } catch {
    return;
  }
  if (frame.kind === "welcome") return welcome(frame);
  if (frame.kind === "beat") {
    learnOffset(frame.now);
    if (state === "offline" && navigator.onLine !== false) survived();
    return hint({ kind: "pong", n: frame.n });
  }
  if (frame.kind === "missed") return resync({ list: true, first: true }); // between the page and its connection
  if (frame.kind === "health") return setState(frame.ok ? "open" : "connecting");
  for (const event of frame.kind === "batch" ? frame.events : [frame]) {
    if (event.kind === "rights_changed") resync({ list: true, thread: true });
    document.dispatchEvent(new CustomEvent("tresen:event", { detail: event }));
  }
}

function welcome(frame) {
  learnOffset(frame.now);
  const away = lostAt ? Date.now() - lostAt : 0;
  const since = lostAt && Math.round(serverNow() - away - SILENCE); // so long may a loss have gone unnoticed
  if (away > TOO_OLD || (build !== null && frame.build !== build)) return reloadWhenFree();
  build = frame.build;
  failures = 0;
  lostAt = 0;
  const list = document.getElementById("list");
  const first = opened ? {} : { hidden: document.hidden, since: list && Number(list.dataset.since) };
  hint({ kind: "hello", conversation: document.hidden ? null : viewed, ...first });
  setState("open");
  resync({ list: opened, thread: true, first: !opened, since });
  opened = true;
}

// The network was away for so short a time that the socket lives on.
function survived() {
  setState("open");
  resync({ list: true, thread: true });
}

function resync(what) {
  document.dispatchEvent(new CustomEvent("tresen:resync", { detail: what }));
}

// A newer version of the product, or half a day away: start afresh, but never under somebody's fingers.
function reloadWhenFree() {
  const isWriting = [...document.querySelectorAll("textarea")].some((field) => field.value.trim() !== "");
  if (isWriting && !document.hidden) return void setTimeout(reloadWhenFree, 5_000);
  location.reload();
}

function learnOffset(now) {
  // The least delayed message is the truest.
  offsets.push(now - Date.now());
  if (offsets.length > 5) offsets.shift();
}

function setState(next) {
  if (next === state) return;
  state = next;
  document.dispatchEvent(new CustomEvent("tresen:state", { detail: state }));
}

// A connection that is dead without knowing: nothing heard for long, or no answer after a change of network or a sleep.
function checkSilence() {
  if (isOpen() && Date.now() - heardAt > SILENCE) drop();
  else if (!socket && !ended && !retryTimer) connect();
  // A page somebody works in keeps the session alive; a forgotten one does not.
  if (document.hidden || !touchedSince(activeAt) || Date.now() - activeAt < ACTIVE_EVERY) return;
  activeAt = Date.now();
  hint({ kind: "active" });
}

function probe() {
  if (!isOpen()) return;
  hint({ kind: "ping" });
  clearTimeout(probeTimer);
  probeTimer = setTimeout(drop, PROBE);
}

function drop() {
  const dead = socket;
  socket = null;
  dead?.close(4000);
  if (!ended) {
    failures = 0;
    closed(1006);
  }
}

function visibilityChanged() {
  if (document.hidden) {
    hiddenAt = Date.now();
    hint({ kind: "view", conversation: null, hidden: true });
    return;
  }
  const away = hiddenAt ? Date.now() - hiddenAt : 0;
  if (!isOpen()) {
    failures = 0;
    return void connect();
  }
  hint({ kind: "view", conversation: viewed, hidden: false });
  if (Date.now() - heardAt > SILENCE) return drop();
  if (away > SILENCE) probe();
  // Marks are not sent to hidden pages; everything else was, unless the browser put the page to sleep.
  resync({ list: away > HIDDEN_LONG, thread: true });
}
