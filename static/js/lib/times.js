// Times and countdowns in words, as inbox/times.py writes them, in the agent's own zone.

import { word } from "./words.js";

const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const MINUTE = 60_000;
export const SOON = 4 * HOUR;

const { language = "de", zone } = document.body.dataset;
const locale = language === "en" ? "en-GB" : "de-DE";

function formatter(options) {
  try {
    return new Intl.DateTimeFormat(locale, { timeZone: zone || undefined, ...options });
  } catch {
    return new Intl.DateTimeFormat(locale, options);
  }
}

const clock = formatter({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const weekday = formatter({ weekday: "short" });
const shortDate = formatter(language === "en" ? { day: "numeric", month: "short" } : { day: "2-digit", month: "2-digit" });
const oldDate = formatter(
  language === "en" ? { day: "numeric", month: "short", year: "2-digit" } : { day: "2-digit", month: "2-digit", year: "2-digit" },
);
const longDay = formatter({ weekday: "long", day: "numeric", month: "long" });
const oldDay = formatter({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const fullDate = formatter(
  language === "en" ? { day: "numeric", month: "short", year: "numeric" } : { day: "2-digit", month: "2-digit", year: "numeric" },
);
const month = formatter({ month: "long", year: "numeric" });
const dayKey = formatter({ year: "numeric", month: "2-digit", day: "2-digit" });
const isoKey = new Intl.DateTimeFormat("sv-SE", { timeZone: dayKey.resolvedOptions().timeZone });

const strip = (text) => text.replace(/\.$/, "");

export function dayOf(milliseconds) {
  return dayKey.format(milliseconds);
}

// "2026-03-12", as date fields say it.
export function isoDay(milliseconds) {
  return isoKey.format(milliseconds);
}

function daysBetween(now, then) {
  for (let days = 0; days < 7; days += 1) if (dayOf(now - days * DAY) === dayOf(then)) return days;
  return then > now ? -1 : 7;
}

const sameYear = (now, then) => dayOf(now).match(/\d{4}/)[0] === dayOf(then).match(/\d{4}/)[0];

export function inWords(at, style, now) {
  if (style === "clock") return clock.format(at);
  if (style === "full") return `${fullDate.format(at)}, ${clock.format(at)}`;
  if (style === "month") return month.format(at);
  const days = daysBetween(now, at);
  if (style === "day") {
    if (days === 0) return word("time.today");
    if (days === 1) return word("time.yesterday");
    return (sameYear(now, at) ? longDay : oldDay).format(at);
  }
  if (style === "since") {
    if (days === 0) return clock.format(at);
    const within = (days > 0 && days < 7) || (at > now && at - now < 6 * DAY);
    return `${within ? strip(weekday.format(at)) : fullDate.format(at)}, ${clock.format(at)}`;
  }
  if (days === 0) return clock.format(at);
  if (days > 0 && days < 7) return strip(weekday.format(at));
  return (sameYear(now, at) ? shortDate : oldDate).format(at);
}

// 90 is 1:30, be it minutes or seconds.
export function sixties(number) {
  return `${Math.floor(number / 60)}:${String(number % 60).padStart(2, "0")}`;
}

export function countdown(left) {
  if (left > SOON) return word("window.hours", { hours: Math.floor(left / HOUR) });
  const minutes = Math.max(1, Math.floor(left / MINUTE));
  if (left >= HOUR) {
    return word("window.soon", { time: sixties(minutes) });
  }
  return word("window.minutes", { minutes });
}

// How long somebody has waited.
export function waited(time) {
  const minutes = Math.max(0, Math.floor(time / MINUTE));
  if (minutes < 60) return word("waited.minutes", { minutes });
  if (minutes < 48 * 60) return word("waited.hours", { hours: Math.floor(minutes / 60) });
  return word("waited.days", { days: Math.floor(minutes / (24 * 60)) });
}

export function digits(left) {
  const minutes = Math.max(1, Math.floor(left / MINUTE));
  if (minutes < 60) return word("waited.minutes", { minutes });
  return word("window.digits", { time: sixties(minutes) });
}

export function windowState(left) {
  if (left <= 0) return "closed";
  if (left < HOUR) return "urgent";
  return left <= SOON ? "soon" : "open";
}
