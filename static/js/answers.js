// An answer template is chosen above the text that it goes into; without scripts it is copied from
// the list.

const list = document.querySelector("details[data-choose]");

function offer(area) {
  const select = document.createElement("select");
  select.append(new Option("", ""));
  for (const each of list.querySelectorAll("[data-text]")) {
    select.append(new Option(each.dataset.name, each.dataset.text));
  }
  select.addEventListener("change", () => {
    const written = area.value.trimEnd();
    area.value = written ? `${written}\n\n${select.value}` : select.value;
    select.value = "";
    area.focus();
  });
  const label = document.createElement("label");
  label.append(list.dataset.choose, document.createElement("br"), select);
  const line = document.createElement("p");
  line.append(label);
  area.closest("p").before(line);
}

if (list) document.querySelectorAll("form.act:not(#act-note) textarea").forEach(offer);
