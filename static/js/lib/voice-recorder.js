// Records a voice message in the composer: <div class="recorder" data-recorder hidden> takes the place of the text. What is
// said is kept in this browser each second (lib/recordings.js), and becomes a file of the composer when it is done: there
// it can be heard, sent and thrown away like any other.

import { add } from "./files.js";
import * as recordings from "./recordings.js";
import { toast, toastProblem } from "./toast.js";
import { sixties } from "./times.js";
import { word, write } from "./words.js";

const TYPES = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
const BITS = 32_000;
const LONGEST = 30 * 60;
const FRAME = 60; // milliseconds between two bars of the meter
const BARS = 64;
const REFUSALS = {
  NotAllowedError: "voice.denied", SecurityError: "voice.denied", NotFoundError: "voice.no_microphone",
  OverconstrainedError: "voice.no_microphone", NotReadableError: "voice.busy", AbortError: "voice.busy",
};
let current = null;

export async function open(button) {
  const composer = button.closest("message-composer");
  if (current || composer.dataset.mode !== "open") return;
  current = new Recorder(composer, button);
  try {
    await current.start();
  } catch (error) {
    const trouble = REFUSALS[error.name] ?? (navigator.mediaDevices && window.MediaRecorder ? "voice.failed" : "voice.unable");
    current.close();
    composer.say(word(trouble));
    button.focus();
  }
}

class Recorder {
  constructor(composer, opener) {
    this.composer = composer;
    this.opener = opener;
    this.place = composer.querySelector("[data-recorder]");
    this.uid = crypto.randomUUID();
    this.seconds = 0;
    this.levels = [];
    this.blobs = [];
    this.clicked = (event) => {
      const act = event.target.closest("[data-record]")?.dataset.record;
      if (act) this[act]();
    };
  }

  async start() {
    this.composer.say("");
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true } });
    if (!this.composer.isConnected) return this.close();
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    this.recorder = new MediaRecorder(this.stream, { mimeType, audioBitsPerSecond: BITS });
    this.type = this.recorder.mimeType.split(";")[0];
    this.recorder.addEventListener("dataavailable", ({ data }) => data.size && this.took(data));
    this.recorder.addEventListener("stop", () => this.stopped());
    this.stream.getAudioTracks()[0].addEventListener("ended", () => this.done()); // the microphone was pulled out
    const { conversation } = this.composer.dataset;
    this.entry = { uid: this.uid, type: this.type, agent: document.body.dataset.agent, conversation };
    recordings.begin(this.entry).catch(() => {});
    this.listen();
    this.recorder.start(1000);
    this.place.addEventListener("click", this.clicked);
    this.show(true);
    this.place.querySelector("[data-record='done']").focus();
  }

  // Kept in memory too: a private window may have no database.
  took(blob) {
    this.blobs.push(blob);
    recordings.keep(this.uid, blob).catch(() => {});
  }

  listen() {
    this.audio = new AudioContext();
    const meter = this.audio.createAnalyser();
    meter.fftSize = 1024;
    this.audio.createMediaStreamSource(this.stream).connect(meter);
    const samples = new Float32Array(meter.fftSize);
    let before = performance.now();
    this.timer = setInterval(() => {
      const now = performance.now();
      if (this.recorder.state === "recording") {
        meter.getFloatTimeDomainData(samples);
        this.hear(Math.max(...samples.map(Math.abs)), (now - before) / 1000);
      }
      before = now;
      if (!this.place.checkVisibility() || this.seconds > LONGEST) this.done();
    }, FRAME);
  }

  hear(level, seconds) {
    this.seconds += seconds;
    this.levels = [...this.levels, level].slice(-BARS);
    const bars = this.levels.map((each, index) => {
      const half = Math.max(1, Math.min(1, each * 1.6) * 12);
      return `M${(BARS - this.levels.length + index) * 4 + 2} ${14 - half}v${half * 2}`;
    });
    this.place.querySelector("path").setAttribute("d", bars.join(""));
    this.tell();
  }

  tell() {
    write(this.place.querySelector("[data-record-time]"), sixties(Math.floor(this.seconds)));
  }

  // --- the buttons -------------------------------------------------------------------------------------------------

  pause() {
    const isPaused = this.recorder.state === "paused";
    if (isPaused) this.recorder.resume();
    else this.recorder.pause();
    this.place.classList.toggle("is-paused", !isPaused);
    this.place.querySelector("[data-record='pause']").setAttribute("aria-pressed", String(!isPaused));
  }

  discard() {
    this.isThrownAway = true;
    this.done();
  }

  send() {
    this.isToBeSent = true;
    this.done();
  }

  done() {
    clearInterval(this.timer);
    if (this.recorder.state === "inactive") return;
    this.recorder.stop();
  }

  // The last part has come.
  stopped() {
    const { composer, uid, isThrownAway, isToBeSent, blobs, type } = this;
    this.close();
    if (isThrownAway) {
      recordings.forget(uid).catch(() => {});
      this.opener.focus();
      toast(word("voice.thrown_away"), { action: word("toast.undo"), run: () => this.takeBack() });
    } else if (composer.isConnected && composer.dataset.mode === "open" && blobs.length) {
      put(composer, uid, new Blob(blobs, { type }));
      if (isToBeSent) composer.send();
      else composer.files.lastElementChild?.querySelector("button")?.focus();
    } else if (blobs.length) {
      toast(word("voice.kept"));
    }
  }

  async takeBack() {
    const blob = new Blob(this.blobs, { type: this.type });
    await recordings.begin(this.entry).then(() => recordings.keep(this.uid, blob)).catch(() => {});
    if (this.composer.isConnected) put(this.composer, this.uid, blob);
  }

  close() {
    clearInterval(this.timer);
    this.place.removeEventListener("click", this.clicked);
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.audio?.close();
    if (current === this) current = null;
    this.show(false);
  }

  show(isOn) {
    this.place.hidden = !isOn;
    this.place.classList.remove("is-paused");
    this.place.querySelector("[data-record='pause']").setAttribute("aria-pressed", "false");
    this.composer.classList.toggle("is-recording", isOn);
    this.tell();
  }
}

function put(composer, uid, blob) {
  const name = word("voice.name");
  add([new File([blob], name, { type: blob.type })], { uid, isVoice: true, done: () => recordings.forget(uid).catch(() => {}) });
}

// What was recorded here and never reached the server.
export async function bringBack(composer) {
  try {
    for (const one of await recordings.left(document.body.dataset.agent, composer.dataset.conversation)) {
      if (current?.uid === one.uid || composer.querySelector(`[data-upload='${one.uid}'][data-file-state]`)) continue;
      const isThere = composer.querySelector(`[data-upload='${one.uid}']`) || document.getElementById(`message-${one.uid}`);
      const blob = isThere ? null : await recordings.blobOf(one);
      if (!blob?.size) recordings.forget(one.uid);
      else if (composer.isConnected && composer.dataset.mode === "open") {
        put(composer, one.uid, blob);
        toast(word("voice.found"));
      }
    }
  } catch (error) {
    toastProblem(error);
  }
}

window.addEventListener("beforeunload", (event) => current && event.preventDefault());
