// An answer template is chosen above the text that it goes into; without scripts it is copied.

const choice = document.getElementById("answers");

for (const area of choice ? document.querySelectorAll("form.act:not(#act-note) textarea") : []) {
  area.closest("p").before(choice.content.cloneNode(true));
  area.form.querySelector(".answers select").addEventListener("change", ({ target }) => {
    area.value = `${area.value.trimEnd()}\n\n${target.value}`.trimStart();
    target.value = "";
    area.focus();
  });
}
