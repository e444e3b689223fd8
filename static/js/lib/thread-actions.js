// What the buttons of messages and of their thread do (data-action, see actions.js), and what becomes of what was sent.

import { ACTIONS, wordsOf } from "./actions.js";
import { settle } from "./drafts.js";
import { del, get, post, Refused } from "./http.js";
import { openPicker } from "./keys.js";
import { placeItem, pendingOf, removePending, replaceAll } from "./pending.js";
import { toast, toastProblem } from "./toast.js";
import { word } from "./words.js";

const composer = () => document.querySelector("message-composer");
const thread = () => document.querySelector("thread-scroll");

Object.assign(ACTIONS, {
  quote(button) {
    const message = button.closest("[data-item='message']");
    const isIn = message.classList.contains("msg--in");
    const author = isIn ? document.querySelector(".thread__name")?.textContent : message.querySelector(".msg__author b")?.textContent;
    composer()?.quote({ uid: message.id.slice("message-".length), author: author ?? "", words: wordsOf(message) || button.dataset.words });
  },
  async resend(button) {
    button.disabled = true;
    const uid = (button.dataset.uid ??= crypto.randomUUID());
    try {
      placeItem((await post(button.dataset.url, { uid })).html);
      thread()?.toNewest();
    } catch (error) {
      button.disabled = false;
      throw error;
    }
  },
  change(button) {
    composer()?.bringBack(button.dataset.text);
  },
  async react(button) {
    (await import("./reacting.js")).open(button);
  },
  async "react-again"(button) {
    (await import("./reacting.js")).say(button, button.dataset.emoji);
  },
  async held(button) {
    await showHeld((await get(button.dataset.url)).dialog);
  },
  async card(button) {
    button.disabled = true;
    try {
      const { url, words } = await post(button.dataset.url, { do: button.dataset.do });
      if (url) location.assign(url);
      else toast(words);
    } finally {
      button.disabled = false;
    }
  },
  async forward(button) {
    await (await import("./forwarding.js")).open(button.dataset.url);
  },
  async build(button) {
    await (await import("./builder.js")).open(button.dataset.url);
  },
  template(button) {
    openPicker(button.dataset.template);
  },
  unfold(button) {
    const isOpen = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!isOpen));
    button.textContent = word(isOpen ? "message.more" : "message.less");
  },
  newest() {
    thread()?.toNewest();
  },
  jump(link) {
    thread()?.toMoment(Number(link.dataset.at));
  },
  date() {
    document.getElementById("to-day").showModal();
  },
});

document.addEventListener("click", (event) => {
  const quote = event.target.closest("a[data-quote]");
  if (!quote) return;
  event.preventDefault();
  thread()?.toSeq(quote.dataset.quote);
});

// Once the dialog has gone, so that the focus stays where the jump puts it.
document.addEventListener("submit", ({ target }) => {
  const dialog = target.closest("#to-day");
  dialog?.addEventListener("close", () => thread()?.toDay(target.elements.day.value), { once: true });
});

// Where nothing hovers, a long press on a bubble shows its tools.
let pressing = 0;
document.addEventListener("pointerdown", ({ target, pointerType }) => {
  clearTimeout(pressing);
  for (const tools of document.querySelectorAll(".bubble__tools.is-shown")) if (!tools.contains(target)) tools.classList.remove("is-shown");
  const tools = pointerType === "touch" && target.closest(".bubble")?.querySelector(".bubble__tools");
  if (tools) pressing = setTimeout(() => tools.classList.add("is-shown"), 450);
});
for (const type of ["pointerup", "pointercancel"]) document.addEventListener(type, () => clearTimeout(pressing));

// --- answers of the outbox ----------------------------------------------------------------------------------------------

document.addEventListener("outbox:sent", async ({ detail: { entry, answer } }) => {
  if (isOpen(entry)) replaceAll(answer);
  else settle(entry.conversation, entry.kind, entry.text);
  if (!entry.close) return;
  try {
    await post(entry.closeUrl, { seen_inbound: entry.seenInbound });
    toast(word("toast.closed"), { action: word("toast.undo"), run: () => del(entry.closeUrl).catch(toastProblem) });
  } catch (error) {
    toastProblem(error);
  }
});

document.addEventListener("outbox:refused", ({ detail: { entry, error } }) => {
  if (error instanceof Refused && error.answer.dialog) {
    if (isOpen(entry) && pendingOf(entry)) replaceAll(error.answer);
    showHeld(error.answer.dialog).catch(toastProblem);
  } else if (!isOpen(entry)) {
    removePending(entry); // its text is a draft, before what was typed since
    toast(error.sentence || word("composer.not_sent"), { bad: true });
  }
});

async function showHeld(dialog) {
  (await import("./held.js")).openHeld(dialog, () => import("./builder.js"));
}

function isOpen(entry) {
  return document.getElementById("messages")?.dataset.conversation === entry.conversation;
}
