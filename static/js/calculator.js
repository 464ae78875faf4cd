// The result follows what is typed: the page that the form leads to is fetched, and its result
// stands in the place of the one before. While something is missing or wrong there is none; what
// is wrong is told when the button is pressed, until it is mended.

const form = document.querySelector("form[data-calculator]");
const PAUSE = 300; // milliseconds without a key

let timer;
let under_way;

function show(made) {
  const shown = document.getElementById("estimate");
  shown.replaceChildren(...(made ? made.childNodes : []));
  // Only the sum is read out, not the tables.
  document.getElementById("told").textContent = shown.querySelector(".sum-figure")?.textContent ?? "";
}

function forget_errors() {
  document.querySelector(".summary")?.remove();
  for (const field of form.querySelectorAll(".field-wrong")) {
    const error = field.querySelector(".error");
    const control = field.querySelector("[aria-invalid]");
    const described = (control?.getAttribute("aria-describedby") ?? "").split(" ");
    control?.removeAttribute("aria-invalid");
    control?.setAttribute("aria-describedby", described.filter((id) => id !== error?.id).join(" "));
    error?.remove();
    field.classList.remove("field-wrong");
  }
}

async function compute() {
  if (!form.checkValidity()) {
    show(null);
    return;
  }
  under_way = new AbortController();
  const url = new URL(location.pathname, location.origin);
  for (const [name, value] of new FormData(form)) {
    if (value !== "") url.searchParams.append(name, value);
  }
  let made = null;
  try {
    const answer = await fetch(url, { signal: under_way.signal, redirect: "error" });
    if (answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      made = page.getElementById("estimate");
    }
  } catch (error) {
    if (error.name === "AbortError") return;
  }
  show(made);
  if (!made) return;
  forget_errors();
  if (form.dataset.calculator === "shared") history.replaceState(null, "", url);
}

form?.addEventListener("input", () => {
  clearTimeout(timer);
  under_way?.abort();
  timer = setTimeout(compute, PAUSE);
});
