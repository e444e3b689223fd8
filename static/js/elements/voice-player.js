// <voice-player data-src data-type data-copy data-seconds><button class="voice__play">…</button>
//   <div class="voice__track" role="slider"><svg class="voice__wave">…<svg class="voice__played"></svg></svg></div>
//   <span class="voice__time">0:12</span><button class="voice__speed">… <span data-speed>1×</span></button><p class="voice__broken" hidden></p></voice-player>
// Plays a sound; nothing is loaded before somebody wants to hear it. One thing plays at a time, at the speed last chosen.

import { sixties } from "../lib/times.js";

const SPEEDS = [1, 1.5, 2];
const STEP = 5;
let playing = null;
let speed = 1;

class VoicePlayer extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this);
    this.addEventListener("keydown", this);
    if (!Number(this.dataset.seconds)) this.load(); // to know how long it is
    this.draw();
  }

  disconnectedCallback() {
    queueMicrotask(() => this.isConnected || this.audio?.pause()); // not when it is only moved
  }

  get track() {
    return this.querySelector(".voice__track");
  }

  get seconds() {
    const known = this.audio?.duration;
    return Number.isFinite(known) ? known : Number(this.dataset.seconds);
  }

  handleEvent(event) {
    if (event.type === "keydown") this.typed(event);
    else if (event.type !== "click") this.draw();
    else if (event.target.closest(".voice__play")) this.toggle();
    else if (event.target.closest(".voice__speed")) this.faster();
    else if (event.target.closest(".voice__track")) this.clicked(event);
  }

  load() {
    if (this.audio) return;
    const { src, type, copy } = this.dataset;
    this.audio = new Audio();
    const opus = type === "audio/ogg" ? `${type}; codecs=opus` : type;
    this.audio.src = copy && !this.audio.canPlayType(opus) ? copy : src;
    for (const name of ["timeupdate", "durationchange", "play", "pause", "ended"]) this.audio.addEventListener(name, this);
    this.audio.addEventListener("error", () => this.broke());
  }

  async toggle() {
    this.load();
    if (!this.audio.paused) return void this.audio.pause();
    silence(this.audio);
    this.audio.playbackRate = speed;
    try {
      await this.audio.play();
      this.dispatchEvent(new Event("voice:played", { bubbles: true }));
    } catch (error) {
      if (error.name !== "AbortError") this.broke();
    }
  }

  broke() {
    this.querySelector(".voice__broken").hidden = false;
  }

  faster() {
    speed = SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length];
    for (const player of document.querySelectorAll("voice-player")) player.draw();
  }

  clicked(event) {
    const box = this.track.getBoundingClientRect();
    this.seek(((event.clientX - box.left) / box.width) * this.seconds);
  }

  typed(event) {
    if (!event.target.matches(".voice__track")) return;
    const at = this.audio?.currentTime ?? 0;
    const wanted = {
      ArrowRight: at + STEP, ArrowUp: at + STEP, ArrowLeft: at - STEP, ArrowDown: at - STEP, Home: 0, End: this.seconds,
    }[event.key];
    if (event.key === " " || event.key === "Enter") this.toggle();
    else if (wanted === undefined) return;
    else this.seek(wanted);
    event.preventDefault();
    event.stopPropagation();
  }

  // Where the browser does not have the file yet it goes there as soon as it has.
  seek(seconds) {
    this.load();
    this.audio.currentTime = Math.max(0, Math.min(seconds, this.seconds));
    this.draw();
  }

  draw() {
    const { currentTime = 0, paused = true } = this.audio ?? {};
    const all = this.seconds;
    if (this.audio) this.audio.playbackRate = speed;
    this.classList.toggle("is-playing", !paused);
    this.querySelector(".voice__play").setAttribute("aria-pressed", String(!paused));
    const played = this.querySelector(".voice__played");
    played.setAttribute("width", all ? (currentTime / all) * played.parentElement.viewBox.baseVal.width : 0);
    this.querySelector(".voice__time").textContent = clock(currentTime || all || 0);
    this.querySelector(".voice__speed [data-speed]").textContent = `${speed.toLocaleString(document.documentElement.lang)}×`;
    this.track.setAttribute("aria-valuemax", Math.round(all || 0));
    this.track.setAttribute("aria-valuenow", Math.round(currentTime));
    this.track.setAttribute("aria-valuetext", `${clock(currentTime)} / ${clock(all || 0)}`);
  }
}

const clock = (seconds) => sixties(Math.round(seconds));

// Whatever plays now makes the rest be quiet.
function silence(media) {
  if (playing && playing !== media) playing.pause();
  playing = media;
}

document.addEventListener("play", (event) => silence(event.target), true);

customElements.define("voice-player", VoicePlayer);
