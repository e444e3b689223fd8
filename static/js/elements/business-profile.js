// <business-profile>: the form of what customers see. Shows it on the phone as it is typed, counts, says that something
// is unsaved, and lets people choose the square of a new picture: [data-choose], <dialog data-crop> with a <canvas>.

const SIDE = 640; // of the canvas
const STEP = 0.04; // of the visible square, for each press of an arrow key
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

class BusinessProfile extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form#profile");
    this.dialog = this.querySelector("[data-crop]");
    this.before = this.typed();
    this.form.addEventListener("input", () => this.show());
    const stay = (event) => this.typed() !== this.before && event.preventDefault();
    addEventListener("beforeunload", stay);
    for (const way of document.querySelectorAll(".savebar a, .savebar button")) way.addEventListener("click", () => removeEventListener("beforeunload", stay));
    this.show();
    this.addEventListener("click", ({ target }) => target.closest("[data-choose]") && this.file.click());
    this.file.addEventListener("change", () => this.open(this.file.files[0]));
    for (const button of this.dialog.querySelectorAll("[data-cancel]")) button.addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("close", () => {
      this.file.value = "";
      this.querySelector("[data-choose]").focus();
    });
    this.dialog.addEventListener("htmx:afterRequest", () => this.dialog.close());
    this.zoom.addEventListener("input", () => this.zoomTo(Number(this.zoom.value)));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("pointerdown", (event) => this.canvas.setPointerCapture(event.pointerId));
    this.canvas.addEventListener("pointermove", ({ buttons, movementX, movementY }) => {
      if (buttons) this.move(-movementX / this.canvas.clientWidth, -movementY / this.canvas.clientWidth);
    });
  }

  get file() {
    return this.dialog.querySelector("[type=file]");
  }

  get zoom() {
    return this.dialog.querySelector("[data-zoom]");
  }

  get canvas() {
    return this.dialog.querySelector("canvas");
  }

  typed() {
    return JSON.stringify([...new FormData(this.form)]);
  }

  show() {
    for (const line of this.querySelectorAll("[data-line]")) {
      const field = this.form.elements[line.dataset.line];
      const words = field.selectedOptions ? (field.value === "UNDEFINED" ? "" : field.selectedOptions[0]?.text) : field.value.trim();
      line.lastElementChild.textContent = words ?? "";
      line.hidden = !words;
    }
    for (const count of this.querySelectorAll("[data-count]")) {
      const length = [...this.form.elements[count.dataset.count].value.trim()].length;
      count.textContent = `${length} / ${count.dataset.limit}`;
      count.toggleAttribute("data-over", length > count.dataset.limit);
    }
    const unsaved = document.querySelector("[data-unsaved]");
    if (this.typed() !== this.before) unsaved.hidden = false;
  }

  async open(file) {
    if (!file) return;
    try {
      this.picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    } catch {
      this.dialog.querySelector("form").requestSubmit(); // not for this browser: the server takes the middle, or says what is wrong
      return;
    }
    this.side = Math.min(this.picture.width, this.picture.height);
    this.left = (this.picture.width - this.side) / 2;
    this.top = (this.picture.height - this.side) / 2;
    this.zoom.value = 1;
    this.dialog.showModal();
    this.canvas.focus();
    this.draw();
  }

  key(event) {
    const arrow = ARROWS[event.key];
    if (arrow) this.move(arrow[0] * STEP, arrow[1] * STEP);
    else if (event.key === "+" || event.key === "-") this.zoomTo(Number(this.zoom.value) + (event.key === "+" ? 0.25 : -0.25));
    else return;
    event.preventDefault();
  }

  move(right, down) {
    this.left += right * this.side;
    this.top += down * this.side;
    this.draw();
  }

  zoomTo(factor) {
    const bounded = Math.min(4, Math.max(1, factor));
    const side = Math.min(this.picture.width, this.picture.height) / bounded;
    this.left += (this.side - side) / 2;
    this.top += (this.side - side) / 2;
    this.side = side;
    this.zoom.value = bounded;
    this.draw();
  }

  draw() {
    this.left = Math.min(Math.max(this.left, 0), this.picture.width - this.side);
    this.top = Math.min(Math.max(this.top, 0), this.picture.height - this.side);
    const pen = this.canvas.getContext("2d");
    pen.clearRect(0, 0, SIDE, SIDE);
    pen.drawImage(this.picture, this.left, this.top, this.side, this.side, 0, 0, SIDE, SIDE);
    for (const name of ["left", "top", "side"]) this.dialog.querySelector(`[name=${name}]`).value = Math.floor(this[name]);
  }
}

customElements.define("business-profile", BusinessProfile);
