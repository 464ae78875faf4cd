// What stands in [data-refresh] is fetched anew from [data-from] so many seconds later, while somebody
// looks at it; once there is nothing more to follow, the page is fetched as a whole.

const part = document.querySelector("[data-refresh]");

async function follow() {
  try {
    if (!document.hidden) {
      const response = await fetch(part.dataset.from);
      if (response.status === 204) return location.reload();
      if (!response.ok) return;
      const { shown } = await response.json();
      const page = new DOMParser().parseFromString(shown, "text/html");
      part.replaceChildren(...page.body.childNodes);
    }
  } catch {
    // The network is away: it is asked again.
  }
  setTimeout(follow, Number(part.dataset.refresh) * 1000);
}

if (part) setTimeout(follow, Number(part.dataset.refresh) * 1000);
