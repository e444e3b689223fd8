// Below a text with marks (*bold*, lists …): how the customer will see it, by the server's own renderer.

import { post } from "./http.js";

const PAUSE = 200;
let timer = 0;
let asked = 0;

export function typed(field, hasMarks) {
  clearTimeout(timer);
  asked += 1; // whatever is on its way is old news
  if (hasMarks) timer = setTimeout(() => show(field), PAUSE);
  else field.form.querySelector("[data-preview]").hidden = true;
}

async function show(field) {
  const place = field.form.querySelector("[data-preview]");
  const turn = asked;
  try {
    const { html } = await post(place.dataset.preview, { text: field.value });
    if (turn !== asked) return;
    place.hidden = !html;
    place.querySelector(".bubble__text").innerHTML = html;
  } catch {
    place.hidden = true; // without a connection there is only the text
  }
}
