// Requests by script. `post` resolves to the answer's JSON (or null), and fails in one of three ways:
// Refused (a rule said no, with the sentence), SignedOut, Unreachable (no answer: whether it arrived is unknown).

import { mark } from "./by-hand.js";

const TIMEOUT = 20000;

export class Refused extends Error {
  constructor(status, answer) {
    super(answer.sentence || `HTTP ${status}`);
    this.status = status;
    this.answer = answer;
    this.sentence = answer.sentence || "";
  }
}
export class SignedOut extends Error {}
export class Unreachable extends Error {}

export function post(url, data = {}) {
  return send("POST", url, data instanceof FormData ? data : new URLSearchParams(cleaned(data)));
}

export function del(url) {
  return send("DELETE", url);
}

export function get(url) {
  return send("GET", url);
}

// By htmx, which puts the answer in place. What goes wrong says trouble.js; one that is given up is no error.
export function ajax(method, url, context) {
  return window.htmx.ajax(method, url, context).catch(() => {});
}

export async function getHtml(url) {
  const response = await reach("GET", url, undefined, "text/html");
  if (!response.ok) throw new Refused(response.status, {});
  return response.text();
}

function cleaned(data) {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null && value !== undefined));
}

export async function send(method, url, body) {
  const response = await reach(method, url, body, "application/json");
  const isJson = (response.headers.get("Content-Type") || "").startsWith("application/json");
  const answer = isJson ? await response.json().catch(() => ({})) : null;
  if (response.ok) return answer;
  if (response.status === 409 || response.status === 422 || answer?.sentence) throw new Refused(response.status, answer || {});
  if (response.status >= 500) throw new Unreachable(`HTTP ${response.status}`);
  throw new Refused(response.status, answer || {});
}

async function reach(method, url, body, accept) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), TIMEOUT);
  let response;
  try {
    response = await fetch(url, {
      method, body, signal: stop.signal, redirect: "manual", credentials: "same-origin", cache: "no-store",
      headers: { "X-CSRFToken": document.body.dataset.csrf, Accept: accept, ...mark() },
    });
  } catch (error) {
    throw new Unreachable(String(error));
  } finally {
    clearTimeout(timer);
  }
  if (response.type === "opaqueredirect" || response.status === 401) throw new SignedOut();
  return response;
}
