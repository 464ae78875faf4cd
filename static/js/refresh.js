// What stands in [data-refresh] is fetched anew so many seconds later, from [data-from] or the same
// page, while somebody looks; when there is nothing more to follow, the page is loaded again.

const part = document.querySelector("[data-refresh]");
const wait = () => setTimeout(follow, part.dataset.refresh * 1000);

async function follow() {
  try {
    if (document.hidden) return wait();
    const answer = await fetch(part.dataset.from ?? location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.querySelector("[data-refresh]");
    if (!found) return location.reload();
    [...found.children].forEach((there, place) => {
      const here = part.children[place] ?? part.appendChild(there);
      // What says the same is not read out twice.
      if (here.innerHTML !== there.innerHTML) here.replaceChildren(...there.childNodes);
    });
  } catch {
    // It is asked again.
  }
  wait();
}

if (part) wait();
