// Send later: the dialog that asks for the time, and the buttons of what waits in the thread:
// <button data-tool="later">, with data-later="send|edit|cancel" and data-url on those of one message.

import { complain, deliver, put } from "./dialogs.js";
import { drop, reload } from "./files.js";
import { del, getHtml, post } from "./http.js";
import { Kept } from "./kept.js";
import { replaceAll } from "./pending.js";
import { toast, toastProblem } from "./toast.js";
import { word } from "./words.js";
import { showLater } from "../live/thread.js";

const composer = () => document.querySelector("message-composer");
const aside = new Map(); // address → list of the files that were added to that message, its dialog closed by a slip
const busy = new Set();
const uidsIn = (list) => [...(list?.children ?? [])].map((item) => item.dataset.upload);

export async function open(button) {
  const { later, url } = button.dataset;
  if (later === "send") return once(url, sendNow);
  if (later === "cancel") return once(url, cancel);
  if (later === "edit") return ask(await getHtml(url), button);
  const here = composer();
  const isLocked = here.dataset.mode === "locked"; // then a template is planned, and what lies here stays
  if (!isLocked && here.files.querySelector("[data-file-state]")) return here.say(word("files.not_yet"));
  if (isLocked || here.field.value.trim() || here.files.children.length) return ask(await getHtml(here.dataset.laterUrl), isLocked ? button : here.field);
  here.field.focus();
}

// A second click while the first is on its way is no second wish.
async function once(url, act) {
  if (busy.has(url)) return;
  busy.add(url);
  await act(url).finally(() => busy.delete(url));
}

async function sendNow(url) {
  replaceAll(await post(url));
  document.querySelector("thread-scroll")?.toNewest();
}

// Text and files come back into the composer: nothing that was written is lost.
async function cancel(url) {
  const { html, text, files } = await del(url);
  showLater(html);
  const here = composer();
  if (files) await reload(here);
  const typed = here.fields.reply.value;
  if (text) here.take(typed.trim() ? `${typed}\n${text}` : text);
  toast(word(text || files ? "later.cancelled" : "later.template_cancelled"));
}

function ask(html, opener) {
  const dialog = put(html, opener);
  const form = dialog.querySelector("form");
  const files = dialog.querySelector("[data-files]");
  const filesChanged = () => (files.hidden = !files.children.length);
  Object.assign(dialog, { files, filesChanged, own: uidsIn(files), field: form.elements.text }); // for files.js
  const uid = crypto.randomUUID();
  const kept = new Kept(form, form.getAttribute("action") + form.dataset.what);
  form.addEventListener("change", ({ target }) => changed(form, target));
  form.addEventListener("input", ({ target }) => {
    kept.save();
    if (target.name.startsWith("value:")) preview(form, target);
  });
  form.addEventListener("focusin", ({ target }) => {
    if (target.name === "at") form.querySelector("[name='when'][value='']").checked = true;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    schedule(dialog, form, uid, kept);
  });
  form.addEventListener("click", ({ target }) => target.closest("footer [data-close]") && files?.querySelectorAll("[data-url]").forEach(drop));
  dialog.addEventListener("close", () => files && aside.set(form.action, files));
  files?.append(...(aside.get(form.action)?.querySelectorAll("[data-url]") ?? []));
  if (files) filesChanged();
  dialog.showModal();
  refill(form, kept);
  form.querySelector("textarea, [name='when']:checked").focus();
}

async function refill(form, kept) {
  const { template } = form.elements;
  const before = template?.value;
  kept.fill();
  for (const input of form.querySelectorAll("[name='when']:checked, [name='fallback']:checked")) changed(form, input);
  if (template && template.value !== before) await changed(form, template);
  kept.fill(); // what is filled into the template, now that it is there
  for (const input of form.querySelectorAll("[name^='value:']")) preview(form, input);
}

function preview(form, { name, value }) {
  for (const place of form.querySelectorAll(`[data-var="${CSS.escape(name.slice("value:".length))}"]`)) {
    place.textContent = value.trim() || place.dataset.label;
    place.classList.toggle("var--empty", !value.trim());
  }
}

async function changed(form, target) {
  const fallback = form.querySelector("[data-fallback]"); // none where a template is the message
  if (target.name === "when" && fallback) fallback.hidden = target.dataset.late === undefined;
  if (target.name === "fallback") form.querySelector("[data-template-part]").hidden = target.value !== "template";
  if (target.name !== "template") return;
  const place = form.querySelector("[data-values]");
  place.replaceChildren();
  if (!target.value) return;
  try {
    place.innerHTML = await getHtml(`${form.dataset.fields}?template=${target.value}`);
  } catch (error) {
    toastProblem(error);
  }
}

// data-what: new (what lies in the composer), template (nothing else), or change.
async function schedule(dialog, form, uid, kept) {
  const data = new FormData(form);
  const here = composer();
  const { what } = form.dataset;
  const files = what === "new" ? [...here.files.children] : [];
  if (dialog.querySelector("[data-file-state]")) return complain(dialog, word(dialog.querySelector("[data-file-state='failed']") ? "files.decide" : "files.not_yet"));
  if (data.get("when")) data.delete("at");
  if (form.querySelector("[data-fallback]")?.hidden) data.delete("fallback");
  if (what !== "change") {
    data.set("uid", uid);
    data.set("seen_seq", document.querySelector("thread-scroll")?.seenSeq ?? "");
  }
  if (dialog.files) {
    const left = uidsIn(dialog.files);
    data.set("files", left.filter((each) => !dialog.own.includes(each)).join());
    data.set("without", dialog.own.filter((each) => !left.includes(each)).join());
  }
  if (what === "new") {
    data.set("text", here.fields.reply.value);
    data.set("files", uidsIn(here.files).join());
    if (here.quoted) data.set("quoted", here.quoted.uid);
  }
  if (form.dataset.meant) data.set("gaps_meant", "true");
  const answer = await deliver(dialog, data, (error) => refused(form, error));
  if (!answer) return;
  if (what === "new") {
    for (const item of files) item.remove();
    here.filesChanged();
    here.quote(null);
    here.take("");
  }
  dialog.files?.replaceChildren(); // they go along now
  kept.forget();
  dialog.close();
  showLater(answer.html);
}

// What is wrong opens a way to mend it.
function refused(form, { answer: { code } = {} }) {
  const fallback = form.querySelector("[data-fallback]");
  if (code === "window_before" && fallback) fallback.hidden = false;
  if (code === "files_gone" && form.dataset.what === "new") reload(composer()).catch(() => {});
  if (code === "changed") form.elements.mark.value = ""; // said once, too
  if (code === "gap") form.dataset.meant = "true"; // said once; a second press means it
}
