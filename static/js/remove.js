// A link with `data-remove` asks in the page's dialog instead of on a page of its own. The
// browser closes the dialog by Escape and gives the focus back to the link.

const dialog = document.getElementById("remove");

if (dialog?.showModal) {
  for (const link of document.querySelectorAll("a[data-remove]")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      dialog.querySelector("form").action = link.href;
      dialog.querySelector("[data-account]").textContent = link.dataset.remove;
      dialog.showModal();
    });
  }
}
