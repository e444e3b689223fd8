// <notice-test data-sounds="url …" data-key data-devices="url" [data-push="url"]>
//   <button data-do="allow|test|subscribe"> <div data-title data-body><p data-say="…" hidden>
// Says in words whether this browser tells its reader anything, tries it, and switches on pushes. The words are the page's.

import { post } from "../lib/http.js";

class NoticeTest extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", ({ target }) => {
      const wanted = target.closest("[data-do]")?.dataset.do;
      if (wanted) this[wanted]();
    });
    this.say(this.state());
  }

  state() {
    if (!isSecureContext) return "insecure";
    if (!("Notification" in window && navigator.serviceWorker)) return "unsupported";
    return { granted: "ready", denied: "blocked" }[Notification.permission] ?? "ask";
  }

  async allow() {
    await Notification.requestPermission();
    this.say(this.state());
  }

  async test() {
    const sounds = this.dataset.sounds.split(" ");
    const sound = new Audio(sounds[Math.floor(Math.random() * sounds.length)]);
    const heard = sound.play().then(() => "played", () => "silent");
    const state = this.state();
    const seen = state === "ready" ? await this.show() : state;
    this.say(seen, await heard, this.dataset.push && (await this.push()));
  }

  async push() {
    const line = this.querySelector("[data-say='pushed']");
    line.textContent = await post(this.dataset.push).then(({ sentence }) => sentence, (error) => error.message);
    return line.textContent && "pushed";
  }

  async subscribe() {
    if (!window.PushManager) return this.say(isSecureContext ? "unsupported" : "insecure");
    await this.allow();
    if (this.state() !== "ready") return;
    try {
      const { pushManager } = await navigator.serviceWorker.ready;
      await (await pushManager.getSubscription())?.unsubscribe(); // perhaps to an older key
      const wanted = { userVisibleOnly: true, applicationServerKey: this.dataset.key };
      const { endpoint, keys } = (await pushManager.subscribe(wanted)).toJSON();
      await post(this.dataset.devices, { endpoint, ...keys });
      location.reload();
    } catch (error) {
      this.querySelector("[data-reason]").textContent = error.message;
      this.say(this.state(), "refused");
    }
  }

  async show() {
    const { title, body } = this.querySelector("[data-title]").dataset;
    try {
      const worker = await navigator.serviceWorker.ready;
      await worker.showNotification(title, { body, tag: "test", silent: true, data: { url: location.pathname } });
      return "shown";
    } catch (error) {
      this.querySelector("[data-why]").textContent = error.message;
      return "failed";
    }
  }

  say(...sentences) {
    for (const line of this.querySelectorAll("[data-say]")) line.hidden = !sentences.includes(line.dataset.say);
    this.querySelector("[data-do='allow']").hidden = this.state() !== "ask";
  }
}

customElements.define("notice-test", NoticeTest);
