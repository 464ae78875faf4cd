// What is on its way is not sent once more, for ten seconds at most. A form with `data-saved` is
// sent without leaving the page, which then shows what the server says.

const sent = new Map(); // which button of each form

function release(form) {
  sent.get(form)?.removeAttribute("aria-disabled");
  sent.delete(form);
}

async function page(...asked) {
  const answer = await fetch(...asked);
  if (answer.url.includes("next=")) throw answer; // to prove who it is
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

async function save(form) {
  let shown = await page(form.action, { method: "POST", body: new FormData(form) });
  const said = shown.querySelector(".messages")?.textContent.trim();
  const wrong = shown.querySelector("main .summary");
  if (!wrong && !said) throw shown;
  if (!wrong) shown = await page(location.href);
  document.title = shown.title;
  for (const part of [".head-account", "main"]) {
    document.querySelector(part)?.replaceWith(shown.querySelector(part));
  }
  if (wrong) return wrong.focus();
  const saved = document.querySelector("form[data-saved]");
  saved.querySelector("button").focus();
  setTimeout(() => { saved.querySelector("[role=status]").textContent = said; }, 100);
}

document.addEventListener("submit", (event) => {
  const { target: form, submitter, defaultPrevented } = event;
  if (defaultPrevented || (submitter?.formMethod || form.method) !== "post") return;
  const is_saved = "saved" in form.dataset;
  if (is_saved || sent.has(form)) event.preventDefault();
  if (sent.has(form)) return;
  sent.set(form, submitter);
  submitter?.setAttribute("aria-disabled", "true");
  setTimeout(release, 10_000, form);
  if (is_saved) save(form).catch(() => form.submit());
});

addEventListener("pageshow", () => [...sent.keys()].forEach(release));
