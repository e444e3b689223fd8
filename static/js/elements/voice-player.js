// <voice-player data-src="/media/…/"><button class="voice__play">…</button><svg class="voice__wave">…</svg>
//   <span class="voice__time">0:00</span><button class="voice__speed">1×</button></voice-player>
// Plays a voice message; the file is loaded when somebody wants to hear it. One plays at a time.

const SPEEDS = [1, 1.5, 2];
let playing = null;

class VoicePlayer extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => {
      if (event.target.closest(".voice__play")) this.toggle();
      else if (event.target.closest(".voice__speed")) this.faster();
      else if (event.target.closest(".voice__track")) this.seek(event);
    });
    this.connectedWhenSeen();
  }

  // Its length is fetched once it comes into view.
  connectedWhenSeen() {
    this.observer = new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting) return;
      this.observer.disconnect();
      this.load();
    });
    this.observer.observe(this);
  }

  disconnectedCallback() {
    this.audio?.pause();
    this.observer?.disconnect();
  }

  load() {
    if (this.audio) return;
    this.audio = new Audio();
    this.audio.preload = "metadata";
    this.audio.src = this.dataset.src;
    for (const name of ["timeupdate", "loadedmetadata", "play", "pause", "ended"]) this.audio.addEventListener(name, () => this.draw());
    this.audio.addEventListener("error", () => this.classList.add("is-broken"));
  }

  toggle() {
    this.load();
    if (!this.audio.paused) {
      this.audio.pause();
      return;
    }
    if (playing && playing !== this) playing.audio.pause();
    playing = this;
    this.audio.playbackRate = this.speed ?? 1;
    this.audio.play().catch(() => this.classList.add("is-broken"));
  }

  faster() {
    this.speed = SPEEDS[(SPEEDS.indexOf(this.speed ?? 1) + 1) % SPEEDS.length];
    this.querySelector(".voice__speed").textContent = `${this.speed.toLocaleString()}×`;
    if (this.audio) this.audio.playbackRate = this.speed;
  }

  seek(event) {
    this.load();
    const box = event.currentTarget.querySelector(".voice__track").getBoundingClientRect();
    if (Number.isFinite(this.audio.duration)) this.audio.currentTime = ((event.clientX - box.left) / box.width) * this.audio.duration;
  }

  draw() {
    const { currentTime, duration, paused, ended } = this.audio;
    this.classList.toggle("is-playing", !paused && !ended);
    const share = Number.isFinite(duration) && duration > 0 ? currentTime / duration : 0;
    const bars = this.querySelectorAll(".voice__wave rect");
    bars.forEach((bar, index) => bar.classList.toggle("is-played", index < share * bars.length));
    const shown = currentTime > 0 && !ended ? currentTime : Number.isFinite(duration) ? duration : 0;
    this.querySelector(".voice__time").textContent = `${Math.floor(shown / 60)}:${String(Math.floor(shown % 60)).padStart(2, "0")}`;
  }
}

customElements.define("voice-player", VoicePlayer);
