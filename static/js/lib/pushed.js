// The address says what is shown: of the reports each choice of filters is a step that can be gone back, of the
// contacts only the last one stays.

let shown = location.search;

document.addEventListener("htmx:afterSwap", ({ detail: { target, pathInfo } }) => {
  const isStep = target.id === "report";
  if (!isStep && target.id !== "contacts") return;
  const address = new URL(pathInfo.finalRequestPath, location.href);
  if (!isStep) for (const [name, value] of [...address.searchParams]) if (!value) address.searchParams.delete(name);
  if (address.href !== location.href) history[isStep ? "pushState" : "replaceState"]({}, "", address);
  shown = location.search;
});
addEventListener("popstate", () => location.search !== shown && location.reload()); // a jump within the page is none
