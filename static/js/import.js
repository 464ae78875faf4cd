// The page of an import under way follows it: the phase and the bar, and all of it once it is over.
// Without JavaScript the whole page is fetched again and again.

const progress = document.querySelector("[data-refresh]");
const parts = ["[data-phase]", "[data-percent]"];

async function follow() {
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const found = page.querySelector("[data-refresh]");
    if (!response.ok || !found) return location.reload();
    for (const part of parts) {
      const [here, there] = [progress, found].map((each) => each.querySelector(part));
      if (here.textContent !== there.textContent) here.textContent = there.textContent;
    }
    progress.querySelector("progress").value = found.querySelector("progress").value;
  } catch {
    // The network is away: it is asked again.
  }
  setTimeout(follow, Number(progress.dataset.refresh) * 1000);
}

if (progress) setTimeout(follow, Number(progress.dataset.refresh) * 1000);
