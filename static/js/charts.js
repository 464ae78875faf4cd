// The bar that is pointed at, touched or focused tells its figures in a tip, until Escape. The Tab
// key stops once at a chart; arrows go from bar to bar.

for (const chart of document.querySelectorAll(".chart")) {
  const bars = [...chart.querySelectorAll(".bar")];
  for (const bar of bars) {
    const title = bar.querySelector("title");
    Object.assign(bar, { role: "img", ariaLabel: title.textContent, tabIndex: -1 });
    title.remove();
  }
  bars.at(-1).tabIndex = 0;
  const [picture, tip] = ["svg", ".tip"].map((each) => chart.querySelector(each));
  picture.role = "group";

  const hide = () => { tip.hidden = true; };
  const show = (bar) => {
    tip.textContent = bar.ariaLabel;
    tip.hidden = false;
    const frame = chart.getBoundingClientRect();
    const place = bar.querySelector(".bar-place").getBoundingClientRect();
    const middle = (100 * (place.left + place.width / 2 - frame.left)) / frame.width;
    const width = tip.offsetWidth; // of the tip; percents fit any window
    tip.style.left = `clamp(0px, ${middle}% - ${width / 2}px, 100% - ${width}px)`;
    tip.style.top = `${Math.max(place.top - tip.offsetHeight - frame.top, -frame.top, 0)}px`;
  };

  chart.addEventListener("pointerover", ({ target }) => {
    const bar = target.closest(".bar");
    if (bar) show(bar);
    else if (target !== tip) hide();
  });
  chart.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && hide());
  picture.addEventListener("focusout", hide);
  picture.addEventListener("focusin", ({ target }) => {
    for (const bar of bars) bar.tabIndex = bar === target ? 0 : -1;
    show(target);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
    const place = bars.indexOf(event.target);
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (place < 0 || !step) return;
    event.preventDefault();
    bars[place + step]?.focus();
  });
}
