// The large view, <dialog id="viewer">: the pictures and videos of the thread as it is loaded, one after the other, or the
// pages of one document. Loaded when somebody opens the first: a link with data-large="image|video|page".

const dialog = document.getElementById("viewer");
const stage = dialog.querySelector("[data-stage]");
const [image, film] = [stage.querySelector("img"), stage.querySelector("video")];
const zoomButton = dialog.querySelector("[data-zoom]");
const download = dialog.querySelector(".viewer__tools a");
let current = null; // the link whose file is shown
let opener = null;
let pointer = null;

export function view(link) {
  opener = link;
  show(link);
  dialog.showModal();
}

// Found anew each time: meanwhile the thread goes on.
function links() {
  const isPage = current.dataset.large === "page";
  const root = current.closest(isPage ? ".pages" : "[data-gallery]") || document.getElementById("messages") || document;
  return [...root.querySelectorAll(isPage ? "[data-large='page']" : "[data-large]:not([data-large='page'])")];
}

function place() {
  const all = links();
  return [all, all.findIndex((link) => link.href === current.href)];
}

function show(link) {
  current = link;
  zoom(false);
  const { name, about, caption, file, large } = link.dataset;
  const isFilm = large === "video";
  image.hidden = isFilm;
  film.hidden = !isFilm;
  film.pause();
  if (isFilm) {
    film.poster = link.dataset.small ?? "";
    film.src = link.getAttribute("href");
  } else {
    film.removeAttribute("src");
    showImage(link);
  }
  const [all, at] = place();
  dialog.querySelector("[data-place]").textContent = all.length > 1 ? `${at + 1} / ${all.length}` : "";
  dialog.querySelector("[data-caption]").textContent = caption ?? "";
  dialog.querySelector("[data-about]").textContent = [name, about].filter(Boolean).join(" · ");
  for (const button of dialog.querySelectorAll("[data-step]")) button.hidden = !all[at + Number(button.dataset.step)];
  zoomButton.hidden = isFilm;
  download.href = file ?? link.getAttribute("href");
  download.download = name ?? "";
}

// At once what the thread shows already, then the file itself.
function showImage(link) {
  const small = link.querySelector("img");
  const address = link.getAttribute("href");
  image.src = small?.currentSrc || link.dataset.small || address;
  image.alt = small?.alt ?? "";
  const whole = new Image();
  whole.onload = () => current === link && (image.src = address);
  whole.src = address;
}

function step(by) {
  const [all, at] = place();
  const next = all[at + by];
  if (!next) return;
  show(next);
  if (document.activeElement.hidden || document.activeElement === film) stage.focus();
}

function zoom(wanted, point) {
  if (wanted && image.hidden) return;
  const box = image.getBoundingClientRect();
  stage.classList.toggle("is-zoomed", wanted);
  zoomButton.setAttribute("aria-pressed", wanted);
  if (!wanted) return image.removeAttribute("width");
  image.width = Math.max(image.naturalWidth, box.width * 2);
  const [x, y] = point ? [(point.clientX - box.left) / box.width, (point.clientY - box.top) / box.height] : [0.5, 0.5];
  const large = image.getBoundingClientRect();
  stage.scrollTo(x * large.width - stage.clientWidth / 2, y * large.height - stage.clientHeight / 2);
}

const isZoomed = () => stage.classList.contains("is-zoomed");

dialog.addEventListener("click", (event) => {
  const button = event.target.closest("[data-step], [data-zoom]");
  if (button?.dataset.step) step(Number(button.dataset.step));
  else if (button) zoom(!isZoomed());
  else if (event.target === image && !pointer?.moved) zoom(!isZoomed(), event);
  else if (event.target === stage && !pointer?.moved) dialog.close();
});

dialog.addEventListener("keydown", (event) => {
  if (event.target === film || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isZoomed() && event.key.startsWith("Arrow")) return; // moves the large picture
  const [all] = place();
  const acts = {
    ArrowLeft: () => step(-1), ArrowRight: () => step(1), Home: () => show(all[0]), End: () => show(all.at(-1)),
    "+": () => zoom(true), "-": () => zoom(false),
  };
  if (!acts[event.key]) return;
  event.preventDefault();
  acts[event.key]();
});

// The large picture is moved by dragging; a finger that wipes the small one aside sees the next.
stage.addEventListener("pointerdown", (event) => {
  pointer = { x: event.clientX, y: event.clientY, moved: false };
});
stage.addEventListener("pointermove", (event) => {
  if (!pointer || !event.buttons || event.target === film) return;
  const [x, y] = [event.clientX - pointer.x, event.clientY - pointer.y];
  if (Math.abs(x) + Math.abs(y) < 6 && !pointer.moved) return;
  if (isZoomed() && event.pointerType === "mouse") {
    stage.scrollBy(-x, -y);
    pointer = { x: event.clientX, y: event.clientY, moved: true };
  }
  pointer.moved = true;
});
stage.addEventListener("pointerup", (event) => {
  if (!pointer?.moved || isZoomed() || event.pointerType !== "touch") return;
  const x = event.clientX - pointer.x;
  if (Math.abs(x) > 50 && Math.abs(x) > Math.abs(event.clientY - pointer.y)) step(x < 0 ? 1 : -1);
});
image.addEventListener("dragstart", (event) => event.preventDefault());

// Back to where it was opened, even if that bubble was drawn anew meanwhile.
dialog.addEventListener("close", () => {
  film.pause();
  film.removeAttribute("src");
  image.removeAttribute("src");
  const back = opener.isConnected ? opener : links().find((link) => link.href === opener.href);
  back?.focus({ preventScroll: true });
});
