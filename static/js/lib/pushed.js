// The address says what the reports show: each choice of filters is a step that can be gone back.

document.addEventListener("htmx:afterSwap", ({ detail: { target, pathInfo } }) => {
  if (target.id !== "report") return;
  const address = pathInfo.finalRequestPath;
  if (address !== location.pathname + location.search) history.pushState({}, "", address);
});
addEventListener("popstate", () => location.reload());
