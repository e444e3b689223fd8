// What htmx cannot swap in: no answer, a server error, a session that has ended.

import { toast } from "./toast.js";
import { word } from "./words.js";

const SIGN_IN = "/accounts/login/";

// A request of an ended session is redirected to the sign-in page; its HTML must not land in the middle of this one.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!event.detail.xhr.responseURL || new URL(event.detail.xhr.responseURL).pathname !== SIGN_IN) return;
  event.preventDefault();
  location.assign(`${SIGN_IN}?next=${encodeURIComponent(location.pathname + location.search)}`);
});

function failed(event) {
  const { requestConfig, elt, xhr } = event.detail;
  if (xhr.getResponseHeader("HX-Trigger")) return; // it says itself what is wrong
  const isRead = requestConfig?.verb === "get";
  toast(word(isRead ? "toast.not_loaded" : "toast.failed"), {
    bad: true,
    action: isRead && elt?.isConnected ? word("toast.retry") : "",
    run: () => elt.click?.(),
  });
}

document.addEventListener("htmx:responseError", failed);
document.addEventListener("htmx:sendError", failed);
document.addEventListener("htmx:timeout", failed);
