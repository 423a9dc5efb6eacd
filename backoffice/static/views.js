// The numbers on the tabs of a list: asked for when the page is there, so that no list waits for them.

const tabs = document.querySelector("[data-counts-url]");

async function count() {
  const answer = await fetch(tabs.dataset.countsUrl, { headers: { Accept: "application/json" } });
  if (!answer.ok || answer.redirected) return; // others are counting: the tabs work without
  const { counts } = await answer.json();
  for (const place of tabs.querySelectorAll("[data-count]")) {
    const number = counts[place.dataset.count];
    if (number === undefined) continue;
    place.textContent = number;
    place.hidden = false;
  }
}

if (tabs) {
  tabs.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  count().catch(() => { /* The network is away: the page says so when something is asked for. */ });
}
