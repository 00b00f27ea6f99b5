// Puts in what the server sends: a section's name and its content. Without it the page shows what it was loaded with.
"use strict";
const live = document.getElementById("live");
if (live && window.EventSource) {
  const source = new EventSource("/events");
  // What somebody has reached by keyboard or opened isn't taken from under them: it is put in when they leave it.
  const waiting = new Map();
  const isInUse = (place) => place.contains(document.activeElement) || place.querySelector("details[open]");
  const put = (place) => {
    if (!waiting.has(place) || isInUse(place)) return;
    const content = document.createElement("template");
    content.innerHTML = waiting.get(place);
    waiting.delete(place);
    place.replaceChildren(content.content);
  };
  for (const place of document.querySelectorAll("[data-live]")) {
    source.addEventListener(place.dataset.live, (event) => {
      waiting.set(place, event.data);
      put(place);
    });
    for (const end of ["focusout", "toggle"]) place.addEventListener(end, () => setTimeout(put, 0, place), true);
  }
  source.addEventListener("open", () => { live.textContent = "Live."; });
  source.addEventListener("error", () => { live.textContent = "The connection is lost; what is shown is old."; });
}
