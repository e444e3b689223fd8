// A double click posts once: a plain form that has just gone on its way does not go again. htmx looks after its own.

const sent = new WeakMap();

addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.getAttribute("method") !== "post") return;
  if (event.timeStamp - sent.get(form) < 1000) event.preventDefault();
  else sent.set(form, event.timeStamp);
});
