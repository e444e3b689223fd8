// What the composer needs only now and then is loaded when it is first wanted: <button data-tool="replies">, or a "/" at
// the beginning of a line. Each tool's module has `open(button)`.

import { PAGE } from "./drafts.js";
import { toast, toastProblem } from "./toast.js";
import { word } from "./words.js";

const TOOLS = {
  emojis: () => import("./emoji-picker.js"),
  files: () => import("./files.js"),
  later: () => import("./send-later.js"),
  replies: () => import("./saved-replies.js"),
  voice: () => import("./voice-recorder.js"),
};
const AT_SLASH = /(?:^|\n)\/[^\n]*$/;
const MARKS = /[*_~`]\S|^(?:>|\s?[*-] |\s?\d{1,3}\. )/m;
let arriving = false;
let preview = null;

async function slash({ target }) {
  if (!target.matches?.("[data-text='reply']") || !AT_SLASH.test(target.value.slice(0, target.selectionStart))) return;
  arriving = true;
  try {
    const replies = await TOOLS.replies();
    document.removeEventListener("input", slash); // from now on it listens itself
    replies.typed(target);
  } catch (error) {
    toastProblem(error);
  } finally {
    arriving = false;
  }
}

// Marks of WhatsApp's: from the first one on, the text is shown as the customer will see it.
function marks({ target }) {
  if (!target.matches?.("[data-text='reply'], #build textarea")) return;
  const hasMarks = MARKS.test(target.value);
  if (!hasMarks && !preview) return;
  preview ??= import("./preview.js");
  preview.then(({ typed }) => typed(target, hasMarks)).catch(() => (preview = null));
}

document.addEventListener("input", slash);
document.addEventListener("input", marks);
// "/ab" is not for the customer: while the menu is on its way, Enter waits.
document.addEventListener("keydown", (event) => arriving && event.key === "Enter" && event.preventDefault(), true);
document.addEventListener("click", (event) => {
  const filed = event.target.closest("[data-upload-do]");
  if (filed) return TOOLS.files().then((files) => files.act(filed)).catch(toastProblem);
  const button = event.target.closest("[data-tool]");
  if (button) TOOLS[button.dataset.tool]().then((tool) => tool.open(button)).catch(toastProblem);
});
document.addEventListener("tresen:event", ({ detail }) => {
  if (detail.kind === "draft" && detail.page !== PAGE) import("./draft-elsewhere.js").then(({ heard }) => heard(detail)).catch(() => {});
});

// --- a recording that was left behind ----------------------------------------------------------------------------------

function bringBack(composer) {
  if (localStorage.getItem(`recording:${composer.dataset.conversation}`)) TOOLS.voice().then((tool) => tool.bringBack(composer)).catch(toastProblem);
}

document.addEventListener("composer:open", ({ detail }) => bringBack(detail));
for (const composer of document.querySelectorAll("message-composer")) bringBack(composer);

// --- files pasted and dropped -------------------------------------------------------------------------------------------

function add(event, files) {
  event.preventDefault();
  // Somebody who writes for the team must not find the picture in what goes to the customer.
  if (document.querySelector("message-composer[data-kind='note']") && !event.target.closest("#send-later")) return void toast(word("files.not_in_note"), { bad: true });
  TOOLS.files().then((tool) => tool.add(files)).catch(toastProblem);
}

document.addEventListener("paste", (event) => {
  const { files, types } = event.clipboardData;
  // What offices copy comes as a picture too; where there are words, they are meant.
  if (files.length && !types.includes("text/plain") && (event.target.closest("#thread, #send-later") || event.target === document.body)) add(event, [...files]);
});

function dropping({ dataTransfer }, isOver) {
  const hasFiles = Boolean(dataTransfer?.types.includes("Files"));
  document.getElementById("thread")?.classList.toggle("is-dropping", isOver && hasFiles);
  return hasFiles;
}

document.addEventListener("dragover", (event) => dropping(event, true));
document.addEventListener("drop", (event) => {
  if (dropping(event, false) && event.target.closest("#thread, #send-later")) add(event, [...event.dataTransfer.files]);
});
document.addEventListener("dragleave", (event) => !event.relatedTarget && dropping(event, false));
