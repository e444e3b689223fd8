// Files in the composer, loaded when the first one comes: chosen, pasted or dropped they appear in <ol data-files> at
// once, are checked, and go to the server one by one with progress. Each has a uid of its own, so that a try after a
// cut connection is the same file. The composer asks the items for their state: busy, failed, or none when it is there.
// The dialog of a scheduled message stands in for the composer while it is open (send-later.js).

import { del, getHtml } from "./http.js";
import { toast } from "./toast.js";
import { word } from "./words.js";
import { elementFrom } from "../live/parts.js";

const MB = 1024 * 1024;
const LIMITS = { audio: 16, video: 16, other: 100 };
const AT_ONCE = 3;
const jobs = new Map(); // <li> → {file, composer, xhr, asDocument}
const unseen = new Set(); // the addresses of trays that were elsewhere when a file arrived
let running = 0;

export function open() {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.addEventListener("change", () => add(input.files));
  input.click();
}

// A recording says so, has a uid already, and is told when it is safe on the server or thrown away (`done`).
export function add(files, { uid, isVoice, done } = {}) {
  const composer = document.querySelector("#send-later:has([data-files])") ?? document.querySelector("message-composer");
  if (composer?.dataset.mode !== "open") return toast(word("files.not_here"), { bad: true });
  composer.choose?.("reply");
  for (const file of files) {
    const item = drawn(composer, file, uid);
    composer.files.append(item);
    jobs.set(item, { file, composer, isVoice, done });
    const problem = isVoice ? "" : problemOf(file);
    if (problem) fail(item, problem);
    else item.dataset.fileState = "busy";
  }
  composer.filesChanged();
  composer.files.lastElementChild?.scrollIntoView({ block: "nearest" });
  next();
}

// What lies in the composer on the server: after files came back there.
export async function reload(composer) {
  const html = await getHtml(composer.files.dataset.url);
  const underway = [...jobs.keys()].filter((item) => composer.files.contains(item));
  composer.files.innerHTML = html;
  composer.files.append(...underway);
  composer.filesChanged();
}

// Out with it, and off the server; what belongs to a scheduled message goes when that is saved.
export function drop(item) {
  const job = jobs.get(item);
  jobs.delete(item);
  job?.xhr?.abort();
  job?.done?.();
  item.remove();
  if (item.dataset.url && (!job || job.asked)) del(item.dataset.url).catch(() => {}); // what stays is cleaned up in time
}

export function act(button) {
  const item = button.closest("[data-upload]");
  const composer = item.closest("message-composer, dialog");
  if (button.dataset.uploadDo === "remove") {
    composer.sendWhenThere = null; // what was to go together has changed
    const neighbour = item.nextElementSibling ?? item.previousElementSibling;
    drop(item);
    (neighbour?.querySelector("[data-upload-do='remove']") ?? composer.field).focus();
  } else {
    jobs.get(item).asDocument = button.dataset.uploadDo === "document";
    start(item);
  }
  composer.filesChanged();
  next();
}

function drawn(composer, file, uid = crypto.randomUUID()) {
  const item = document.querySelector("template[data-upload-new]").content.firstElementChild.cloneNode(true);
  const last = composer.files.lastElementChild?.dataset.position ?? -1;
  Object.assign(item.dataset, { upload: uid, kind: kindOf(file), position: Number(last) + 1, url: `${composer.files.dataset.url}${uid}/` });
  item.querySelector(".doc__name").textContent = file.name;
  item.querySelector(".doc__meta").textContent = sizeOf(file);
  for (const button of item.querySelectorAll("button[aria-label]")) button.setAttribute("aria-label", button.ariaLabel.replace("…", file.name));
  if (/^image\/(png|jpeg|gif|webp)$/.test(file.type)) showFace(item, URL.createObjectURL(file));
  return item;
}

function showFace(item, src) {
  const face = new Image();
  face.className = "upload__face";
  face.alt = "";
  face.src = src;
  item.querySelector(".upload__face").replaceWith(face);
}

function kindOf(file) {
  const kind = file.type.split("/")[0];
  return ["image", "video", "audio"].includes(kind) ? kind : "document";
}

function sizeOf({ size }) {
  const [amount, unit] = size < MB ? [size / 1024, "KB"] : [size / MB, "MB"];
  return `${new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 }).format(amount)} ${unit}`;
}

// The server decides by the content; this spares the way there where it is plain.
function problemOf(file) {
  if (!file.size) return word("files.empty");
  if (file.type === "image/svg+xml") return word("files.svg");
  const kind = kindOf(file);
  const limit = LIMITS[kind] ?? LIMITS.other;
  return file.size > limit * MB ? word(LIMITS[kind] ? `files.${kind}` : "files.other", { size: sizeOf(file) }) : "";
}

function start(item) {
  item.dataset.fileState = "busy";
  item.querySelector("[data-problem]").textContent = "";
  for (const name of ["again", "document"]) {
    const button = item.querySelector(`[data-upload-do='${name}']`);
    if (button === document.activeElement) jobs.get(item).composer.field.focus();
    button.hidden = true;
  }
}

function next() {
  for (const [item, job] of jobs) {
    if (running >= AT_ONCE) return;
    if (item.dataset.fileState === "busy" && !job.xhr) upload(item, job);
  }
}

function upload(item, job) {
  const { file, composer } = job;
  const bar = item.querySelector("progress");
  const xhr = (job.xhr = new XMLHttpRequest());
  const query = new URLSearchParams({ uid: item.dataset.upload, name: file.name, position: item.dataset.position });
  if (job.asDocument) query.set("as_document", "1");
  if (job.isVoice) query.set("voice", "1");
  xhr.open("POST", `${composer.files.dataset.url}?${query}`);
  xhr.setRequestHeader("Content-Type", "application/octet-stream");
  xhr.setRequestHeader("Accept", "application/json");
  xhr.setRequestHeader("X-CSRFToken", document.body.dataset.csrf);
  xhr.upload.addEventListener("progress", ({ loaded, total }) => {
    if (loaded < total) bar.value = loaded / total;
    else bar.removeAttribute("value"); // there, and being looked at
  });
  xhr.addEventListener("loadend", () => {
    running -= 1;
    job.xhr = null;
    if (jobs.has(item)) ended(item, xhr);
    job.composer.filesChanged(); // by now it may be another one's
    next();
  });
  running += 1;
  job.asked = true;
  xhr.send(file);
}

function ended(item, xhr) {
  let answer = {};
  try {
    answer = JSON.parse(xhr.responseText);
  } catch {
    // No answer of ours: cut off, signed out, or an error page.
  }
  if (xhr.status === 201) return settle(item, answer);
  const isFinal = Boolean(answer.sentence);
  fail(item, answer.sentence || word(xhr.status === 200 ? "toast.signed_out" : "files.cut"));
  item.querySelector("[data-upload-do='again']").hidden = isFinal;
  item.querySelector("[data-upload-do='document']").hidden = answer.code !== "as_document";
  item.toggleAttribute("data-cut", !isFinal);
}

function settle(item, { html }) {
  const fresh = elementFrom(html);
  const face = item.querySelector("img.upload__face");
  if (face && fresh.querySelector("img.upload__face")) showFace(fresh, face.src);
  const hadFocus = item.contains(document.activeElement);
  if (!item.isConnected) unseen.add(jobs.get(item).composer.files.dataset.url);
  jobs.get(item).done?.();
  jobs.delete(item);
  item.replaceWith(fresh);
  if (hadFocus) fresh.querySelector("button").focus();
}

function fail(item, words) {
  item.dataset.fileState = "failed";
  item.querySelector("[data-problem]").textContent = words;
}

function again() {
  for (const item of jobs.keys()) if (item.dataset.fileState === "failed" && item.hasAttribute("data-cut")) start(item);
  for (const { composer } of jobs.values()) composer.filesChanged();
  next();
}

// Files on their way, and those at hand that could not be sent, follow into the composer of their conversation.
document.addEventListener("composer:open", ({ detail: composer }) => {
  for (const [item, job] of jobs) {
    if (job.composer.files.dataset.url !== composer.files.dataset.url || item.isConnected) continue;
    job.composer = composer;
    composer.querySelector(`[data-upload='${item.dataset.upload}']`)?.remove();
    composer.files.append(item);
  }
  if (unseen.delete(composer.files.dataset.url)) reload(composer).catch(() => {}); // the page may have been on its way by then
});
window.addEventListener("online", again);
document.addEventListener("tresen:state", ({ detail }) => detail === "open" && again());
window.addEventListener("beforeunload", (event) => [...jobs.keys()].some((item) => item.dataset.fileState === "busy") && event.preventDefault());
