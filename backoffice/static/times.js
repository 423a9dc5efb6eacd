// Keeps "3 minutes ago" true while a page stays open. The exact time is in the title.
const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always" });

function relative(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return null; // the server's "just now" is still true
  return minutes < 60 ? words.format(-minutes, "minute") : words.format(-Math.floor(minutes / 60), "hour");
}

setInterval(() => {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
    if (seconds < 0 || seconds > 86400) continue; // days do not go stale while someone looks
    const text = relative(seconds);
    if (text) time.textContent = text;
  }
}, 30_000);
