// A button with `data-copy` copies what stands before it, and says so behind it.

for (const button of document.querySelectorAll("[data-copy]")) {
  const { previousElementSibling: shown, nextElementSibling: told } = button;
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    told.textContent = "";
    try {
      await navigator.clipboard.writeText(shown.innerText.trim());
      told.textContent = button.dataset.copy;
    } catch {
      getSelection().selectAllChildren(shown); // for the keyboard to copy
    }
  });
}
