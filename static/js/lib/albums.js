// Photos and films sent one after the other share rows, two to a row. The server does the same for a page (inbox/albums.py).

const APART = 5 * 60_000;

export function layOut(items) {
  let run = [];
  for (const item of items) {
    const fits = "tile" in item.dataset;
    const follows = fits && !item.classList.contains("msg--first") && item.previousElementSibling === run.at(-1);
    if (!follows || Number(item.dataset.at) - Number(run.at(-1).dataset.at) > APART) {
      place(run);
      run = [];
    }
    if (fits) run.push(item);
    else item.classList.remove("msg--tile");
  }
  place(run);
}

function place(run) {
  run.forEach((item, index) => {
    const isAlone = index === run.length - 1 && index % 2 === 0;
    item.classList.remove("msg--tile-a", "msg--tile-b", "msg--tile-w");
    item.classList.toggle("msg--tile", run.length > 1);
    if (run.length > 1) item.classList.add(`msg--tile-${isAlone ? "w" : "ab"[index % 2]}`);
  });
}
