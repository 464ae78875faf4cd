// A link with `data-remove` asks in the page's dialog instead of on a page of its own.

const dialog = document.getElementById("remove");

for (const link of dialog?.showModal ? document.querySelectorAll("a[data-remove]") : []) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    dialog.querySelector("form").action = link.href;
    dialog.querySelector("[data-account]").textContent = link.dataset.remove;
    dialog.showModal();
  });
}
