// What stands in [data-refresh] is fetched anew so many seconds later, until it has none.
// Without JavaScript the whole page is.

const part = document.querySelector("[data-refresh]");

async function follow() {
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const found = page.querySelector("[data-refresh]");
    if (!response.ok || !found) return location.reload();
    if (part.innerHTML !== found.innerHTML) part.replaceChildren(...found.childNodes);
  } catch {
    // The network is away: it is asked again.
  }
  setTimeout(follow, Number(part.dataset.refresh) * 1000);
}

if (part) setTimeout(follow, Number(part.dataset.refresh) * 1000);
