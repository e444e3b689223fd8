// What the composer needs only now and then is loaded when it is first wanted: <button data-tool="replies">, or a "/" at
// the beginning of a line. Each tool's module has `open(button)`.

import { insert } from "./insert.js";
import { toastProblem } from "./toast.js";

const TOOLS = {
  later: () => import("./send-later.js"),
  replies: () => import("./saved-replies.js"),
};
const AT_SLASH = /(?:^|\n)\/[^\n]*$/;
let arriving = false;

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

document.addEventListener("input", slash);
// "/ab" is not for the customer: while the menu is on its way, Enter waits.
document.addEventListener("keydown", (event) => arriving && event.key === "Enter" && event.preventDefault(), true);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-tool], [data-insert]");
  if (!button) return;
  if (button.dataset.insert) insert(button.form.elements.text, button.dataset.insert);
  else TOOLS[button.dataset.tool]().then((tool) => tool.open(button)).catch(toastProblem);
});
