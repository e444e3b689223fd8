// The words of inbox/script_words.py, in the reader's language: word("window.hours", {hours: 23}).

const element = document.getElementById("words");
const words = element ? JSON.parse(element.textContent) : {};

export function word(key, places = {}) {
  const text = words[key] ?? key;
  return text.replace(/%\((\w+)\)s/g, (whole, name) => (name in places ? String(places[name]) : whole));
}

// Puts words into a place unless they stand there already: what is read aloud is read once.
export function write(place, words) {
  if (place.textContent !== words) place.textContent = words;
}

// The same for a place that hides while it has nothing to say. Its words stand in [data-words].
export function say(place, words) {
  place.hidden = !words;
  write(place.querySelector("[data-words]"), words);
}
