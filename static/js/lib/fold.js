// As inbox.text.fold: "Grüße" is found by "gruesse".

const GERMAN = { ä: "ae", ö: "oe", ü: "ue", ß: "ss" };

export function fold(text) {
  return plain(text.normalize("NFC").toLowerCase().replace(/[äöüß]/g, (letter) => GERMAN[letter]));
}

// Without any marks: "grusse".
export function plain(text) {
  return text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").replace(/\s+/g, " ").trim();
}
