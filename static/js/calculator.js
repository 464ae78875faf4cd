// The result follows what is typed, out of the page that the form leads to. While something is
// wrong there is none; what it is, is told when the button is pressed.

const form = document.querySelector("form[data-calculator]");

let last = 0; // what was typed since makes an answer void

function show(made) {
  const shown = document.getElementById("estimate");
  shown.replaceChildren(...(made?.childNodes ?? []));
  // Only the sum is read out, not the tables.
  document.getElementById("told").textContent = shown.querySelector(".sum-figure")?.textContent ?? "";
}

function forget_errors() {
  for (const each of document.querySelectorAll(".summary, .field-wrong .error")) each.remove();
  for (const each of form.querySelectorAll("[aria-invalid]")) each.removeAttribute("aria-invalid");
  for (const each of form.querySelectorAll(".field-wrong")) each.classList.remove("field-wrong");
}

async function compute(mine) {
  if (mine !== last) return;
  if (!form.checkValidity()) return show();
  const url = new URL(location.pathname, location.origin);
  for (const [name, value] of new FormData(form)) if (value) url.searchParams.append(name, value);
  let made;
  try {
    const answer = await fetch(url, { redirect: "error" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.ok) made = page.getElementById("estimate");
  } catch {
    // Then there is none.
  }
  if (mine !== last) return;
  show(made);
  if (!made) return;
  forget_errors();
  if (form.dataset.calculator === "shared") history.replaceState(null, "", url);
}

form?.addEventListener("input", () => setTimeout(compute, 300, last += 1));
