// The words of inbox/script_words.py, in the reader's language: word("window.hours", {hours: 23}).

const element = document.getElementById("words");
const words = element ? JSON.parse(element.textContent) : {};

export function word(key, places = {}) {
  const text = words[key] ?? key;
  return text.replace(/%\((\w+)\)s/g, (whole, name) => (name in places ? String(places[name]) : whole));
}
