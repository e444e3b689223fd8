// A dialog as the server renders it. It goes when it is closed, and the focus returns to where somebody was.

import { getHtml, post, SignedOut, Unreachable } from "./http.js";
import { say, word } from "./words.js";
import { elementFrom } from "../live/parts.js";

export async function ask(url) {
  const opener = document.activeElement;
  return put(await getHtml(url), opener);
}

export function put(html, opener = document.activeElement) {
  const dialog = elementFrom(html);
  document.getElementById(dialog.id)?.remove();
  document.getElementById("dialogs").append(dialog);
  window.htmx.process(dialog);
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (opener?.isConnected) opener.focus();
  });
  return dialog;
}

// What is wrong with one field, in [data-error=its name].
export function fault(dialog, name, words) {
  const place = dialog.querySelector(`[data-error='${CSS.escape(name)}']`);
  if (!place) return;
  say(place, words);
  const field = dialog.querySelector(["[data-field='?']", "[name='?']", "[name='value:?']"].join().replaceAll("?", CSS.escape(name)));
  if (words) field?.setAttribute("aria-invalid", "true");
  else field?.removeAttribute("aria-invalid");
  if (words) uncover(place);
}

// A field that is only asked for when it is needed is shown, with the heading it stands under.
export function uncover(place) {
  for (const name of ["[data-more]", "[data-heading]"]) place.closest(name)?.removeAttribute("hidden");
}

// What is wrong, beside its buttons.
export function complain(dialog, words) {
  const place = dialog.querySelector("footer [data-problem]");
  say(place, words);
  place.scrollIntoView({ block: "nearest" });
}

// Posts what it holds, once at a time, and answers what the server says. Else null: then it says itself what is wrong,
// unless `refused` has found another answer to that.
export async function deliver(dialog, data, refused = () => false) {
  const form = dialog.querySelector("form");
  const button = form.querySelector("[type='submit']");
  if (button.classList.contains("is-busy")) return null;
  button.classList.add("is-busy");
  for (const { dataset } of dialog.querySelectorAll("[data-error]")) fault(dialog, dataset.error, "");
  try {
    return (await post(form.action, data)) ?? {};
  } catch (error) {
    if (refused(error)) return null;
    for (const [name, words] of Object.entries(error.answer?.fields ?? {})) fault(dialog, name, words);
    dialog.querySelector("[aria-invalid]")?.focus();
    const fallback = error instanceof Unreachable ? "build.unreachable" : error instanceof SignedOut ? "toast.signed_out" : "toast.failed";
    complain(dialog, error.sentence || word(fallback));
    return null;
  } finally {
    button.classList.remove("is-busy");
  }
}
