// Send later: the dialog that asks for the time, and the buttons of what waits in the thread:
// <button data-tool="later">, with data-later="send|edit|cancel" and data-url on those of one message.

import { del, getHtml, post } from "./http.js";
import { placeItem } from "./pending.js";
import { toast, toastProblem } from "./toast.js";
import { word } from "./words.js";
import { showLater } from "../live/thread.js";

const composer = () => document.querySelector("message-composer");

export async function open(button) {
  const { later, url } = button.dataset;
  if (later === "send") return sendNow(url);
  if (later === "cancel") return cancel(url);
  if (later === "edit") return ask(await getHtml(url), button);
  const here = composer();
  if (here.files.children.length) return here.say(word("files.not_later"));
  if (here.field.value.trim()) return ask(await getHtml(here.dataset.laterUrl), here.field);
  here.field.focus();
}

async function sendNow(url) {
  const answer = await post(url);
  placeItem(answer.html);
  document.querySelector("thread-scroll")?.toNewest();
}

// The text comes back into the composer: nothing that was written is lost.
async function cancel(url) {
  const { html, text } = await del(url);
  showLater(html);
  const here = composer();
  const typed = here.fields.reply.value;
  here.take(typed.trim() ? `${typed}\n${text}` : text);
  toast(word("later.cancelled"));
}

function ask(html, opener) {
  document.getElementById("send-later")?.remove();
  const holder = document.createElement("template");
  holder.innerHTML = html.trim();
  const dialog = holder.content.firstElementChild;
  document.getElementById("dialogs").append(dialog);
  const form = dialog.querySelector("form");
  const uid = crypto.randomUUID();
  form.addEventListener("change", ({ target }) => changed(form, target));
  form.addEventListener("focusin", ({ target }) => {
    if (target.name === "at") form.querySelector("[name='when'][value='']").checked = true;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    schedule(dialog, form, uid);
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (opener.isConnected) opener.focus();
  });
  dialog.showModal();
  changed(form, form.querySelector("[name='when']:checked"));
  form.querySelector("textarea, [name='when']:checked").focus();
}

async function changed(form, target) {
  if (target.name === "when") form.querySelector("[data-fallback]").hidden = target.dataset.late === undefined;
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

async function schedule(dialog, form, uid) {
  const data = new FormData(form);
  const here = composer();
  const isNew = !data.has("text");
  if (data.get("when")) data.delete("at");
  if (form.querySelector("[data-fallback]").hidden) data.delete("fallback");
  if (isNew) {
    data.set("uid", uid);
    data.set("text", here.fields.reply.value);
    data.set("seen_seq", document.querySelector("thread-scroll")?.seenSeq ?? "");
    if (here.quoted) data.set("quoted", here.quoted.uid);
  }
  if (form.dataset.meant) data.set("gaps_meant", "true");
  try {
    const { html } = await post(form.action, data);
    if (isNew) {
      here.quote(null);
      here.take("");
    }
    dialog.close();
    showLater(html);
  } catch (error) {
    refused(form, error);
  }
}

function refused(form, error) {
  const { code, fields = {} } = error.answer ?? {};
  if (code === "window_before") form.querySelector("[data-fallback]").hidden = false;
  if (code === "gap") form.dataset.meant = "true"; // said once; a second press means it
  for (const place of form.querySelectorAll("[data-error]")) {
    const words = fields[place.dataset.error] ?? "";
    place.hidden = !words;
    place.querySelector("[data-words]").textContent = words;
  }
  const place = form.querySelector("[data-problem]");
  place.hidden = false;
  place.querySelector("[data-words]").textContent = error.sentence || word("composer.not_sent");
}
