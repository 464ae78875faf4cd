// The result follows what is typed: the page that the form leads to is fetched, and its result
// stands in the place of the one before. While something is missing or wrong there is none; what
// is wrong is told when the button is pressed.

const form = document.querySelector("form[data-calculator]");
const PAUSE = 300; // milliseconds without a key

let timer;
let under_way;

async function compute() {
  under_way?.abort();
  const shown = document.getElementById("estimate");
  if (!form.checkValidity()) {
    shown.replaceChildren();
    return;
  }
  under_way = new AbortController();
  const url = new URL(location.pathname, location.origin);
  for (const [name, value] of new FormData(form)) {
    if (value !== "") url.searchParams.append(name, value);
  }
  let made = "";
  try {
    const answer = await fetch(url, { signal: under_way.signal, redirect: "error" });
    if (answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      made = page.getElementById("estimate");
      if (made && form.dataset.calculator === "shared") history.replaceState(null, "", url);
    }
  } catch (error) {
    if (error.name === "AbortError") return;
  }
  shown.replaceChildren(...(made ? made.childNodes : []));
  // Only the sum is read out, not the tables.
  document.getElementById("told").textContent = shown.querySelector(".sum-figure")?.textContent ?? "";
}

form?.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(compute, PAUSE);
});
