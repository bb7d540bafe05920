/* Convolution of two short signals, read in two ways: add up shifted, scaled copies of the kernel
 * (translate and scale), or slide the flipped kernel and sum the products (flip and filter). Both fill
 * the same table of products x[k] w[n − k]: one by rows, the other by columns. */
"use strict";

Course.register("slide_and_sum", (root, settings) => {
  const { element, svg, number, bracket, paint } = Course;
  const WIDTH = 340, LEFT = 64, LIMIT = 9, LONGEST = { x: 8, w: 4 };
  const state = { ...settings };
  let copies = []; // row k, column n: x[k] w[n − k], or null outside the copy
  let y = [];

  // controls
  const reading = Course.choice("Reading",
    [["translate", "translate and scale"], ["flip", "flip and filter"]], state.reading,
    (value) => { player.stop(); set({ reading: value, step: 0 }); });
  const step = Course.slider("Step", 0, 1, 0, (value) => { player.stop(); set({ step: value }); });
  const stepName = step.node.querySelector("span").firstChild;
  const player = Course.player(() => {
    set({ step: state.step + 1 });
    if (state.step === last()) player.stop();
  }, {
    halt: "Stop",
    every: () => 1000,
    begin() {
      if (state.step === last()) set({ step: 0 });
    },
  });
  const fields = { x: field("x", "Input x"), w: field("w", "Kernel w") };
  const error = element("p", { class: "error", role: "alert" });
  const says = element("p", { class: "says", "aria-live": "polite" });
  const drawing = svg("svg", { role: "img", style: "max-width: 38rem; margin-inline: auto" });
  root.append(
    element("div", { class: "controls" }, reading.node, step.node, player.node, fields.x.node, fields.w.node),
    error, drawing, says);

  function field(name, label) {
    const input = element("input", { type: "text", size: 14, autocomplete: "off", spellcheck: "false" });
    input.addEventListener("change", () => {
      player.stop();
      const values = input.value.replaceAll("\u2212", "-").split(/[\s,;]+/).filter(Boolean).map(Number);
      const bad = !values.length || values.length > LONGEST[name] ||
        values.some((value) => !(Math.abs(value) <= LIMIT));
      input.setAttribute("aria-invalid", String(bad));
      error.textContent = bad
        ? `${label}: expected 1 to ${LONGEST[name]} numbers from \u2212${LIMIT} to ${LIMIT}, got “${input.value}”.` : "";
      if (!bad) set({ [name]: values, step: 0 });
    });
    return { node: element("label", {}, label, input), input };
  }

  const last = () => (state.reading === "translate" ? state.x.length : y.length) - 1;

  function set(next) {
    const moved = "step" in next && next.step === state.step + 1;
    Object.assign(state, next);
    copies = state.x.map((value, k) =>
      Array.from({ length: state.x.length + state.w.length - 1 }, (_, n) =>
        (n >= k && n < k + state.w.length ? value * state.w[n - k] : null)));
    y = Signal.convolve(state.x, state.w);
    state.step = Math.min(Math.max(state.step, 0), last());
    reading.input.value = state.reading;
    stepName.data = state.reading === "translate" ? "Copy k = " : "Output n = ";
    step.input.max = last();
    step.set(state.step);
    for (const name of ["x", "w"]) fields[name].input.value = state[name].map(number).join(", ");
    draw(moved);
  }

  // what stands in the output row now: a partial sum of copies, or the outputs up to n
  function output() {
    return state.reading === "translate"
      ? y.map((_, n) => copies.slice(0, state.step + 1).reduce((sum, copy) => sum + (copy[n] ?? 0), 0))
      : y.slice(0, state.step + 1);
  }

  const listed = (values) => `(${values.map(number).join(", ")})`;

  function sentence() {
    const { x, w, step: at } = state;
    if (state.reading === "translate") {
      const copy = w.map((weight) => x[at] * weight);
      return `x[${at}] · w = ${bracket(x[at])} · ${listed(w)} = ${listed(copy)}, added from n = ${at} on. ` +
        `Sum so far: ${listed(output())}.`;
    }
    const used = x.map((_, k) => k).filter((k) => copies[k][at] !== null);
    const names = used.map((k) => `x[${k}]·w[${at - k}]`).join(" + ");
    const numbers = used.map((k) => `${bracket(x[k])}·${bracket(w[at - k])}`).join(" + ");
    return `y[${at}] = ${names} = ${numbers} = ${number(y[at])}`;
  }

  function draw(moved) {
    const { x, w, step: at } = state;
    const translate = state.reading === "translate";
    const column = Math.min((WIDTH - LEFT - 4) / (x.length + 2 * w.length - 2), 34);
    const size = Math.min(12, column / 2); // of the numbers, so that −81 fits its cell
    const X = (n) => LEFT + (n + w.length - 0.5) * column;
    const text = (string, left, top, style = "", anchor = "middle") =>
      svg("text", { x: left, y: top, "text-anchor": anchor, style: `font-size: ${anchor === "start" ? 12 : size}px; fill: currentColor; ${style}` },
        string);

    // stems of values at positions first, first + 1, …, between the heights top and top + height
    function stems(values, first, top, height, role, strong = () => true) {
      const high = Math.max(...values, 1), low = Math.min(...values, 0);
      const unit = (height - 36) / (high - low);
      const zero = top + 18 + high * unit;
      const group = svg("g", {});
      values.forEach((value, i) => {
        const left = X(first + i), tip = zero - value * unit;
        const stem = svg("g", { style: strong(first + i) ? "" : "opacity: 0.4" },
          svg("line", { x1: left, x2: left, y1: zero, y2: tip, style: `stroke: ${paint(role)}; stroke-width: 2.5` }),
          svg("circle", { cx: left, cy: tip, r: 4, style: `fill: ${paint(role)}` }));
        group.append(stem, text(number(value), left, value < 0 ? tip + 16 : tip - 8));
      });
      const axis = svg("line", { x1: LEFT, x2: X(y.length - 0.5), y1: zero, y2: zero,
        style: "stroke: var(--course-muted, #7f8590); stroke-width: 0.8" });
      return { group, axis, unit };
    }

    drawing.replaceChildren();
    const label = (string, top, role) => text(string, 0, top, `fill: ${role ? paint(role) : "currentColor"}`, "start");
    let top = 0;

    const used = (n) => (translate ? n === at : n > at - w.length && n <= at);
    const input = stems(x, 0, top, 84, "input", used);
    drawing.append(input.axis, input.group, label("input x", top + 46, "input"));
    x.forEach((_, k) => drawing.append(handle(k, X(k), top, column, 84, input.unit)));
    top += 84;

    // the kernel as this reading uses it
    const shape = translate ? w.map((weight) => x[at] * weight) : [...w].reverse();
    const kernel = stems(shape, translate ? at : at - w.length + 1, top, 76, "kernel");
    drawing.append(kernel.axis, kernel.group, label(translate ? `x[${at}] · w` : "w, flipped", top + 42, "kernel"));
    if (moved && !Course.calm.matches) {
      const from = translate ? "translateY(-24px)" : `translateX(${-column}px)`;
      kernel.group.animate([{ transform: from }, { transform: "none" }], { duration: 350, easing: "ease-out" });
    }
    top += 84;

    // the table of products: rows for one reading, columns for the other
    copies.forEach((copy, k) => {
      drawing.append(label(`x[${k}] · w`, top + 13));
      copy.forEach((value, n) => {
        if (value === null || (translate ? k > at : n > at)) return;
        const now = translate ? k === at : n === at;
        drawing.append(
          svg("rect", { x: X(n) - column / 2 + 1, y: top, width: column - 2, height: 17, rx: 2,
            style: `fill: ${now ? paint("kernel") : "var(--course-muted, #7f8590)"}; opacity: 0.22` }),
          text(number(value), X(n), top + 12.5, now && column > 24 ? "font-weight: 600" : ""));
      });
      top += 19;
    });

    const shown = output();
    const sums = stems(shown, 0, top + 4, 96, "output", (n) => (translate ? n >= at && n < at + w.length : n === at));
    drawing.append(sums.axis, sums.group, label(translate ? "sum so far" : "output y", top + 52, "output"));
    top += 110;
    y.forEach((_, n) => drawing.append(text(String(n), X(n), top + 8, "opacity: 0.75")));
    if (!translate) y.forEach((_, n) => drawing.append(opener(n, X(n) - column / 2, top - 106, column, 120)));
    drawing.append(label("position n", top + 8));
    drawing.setAttribute("viewBox", `0 0 ${WIDTH} ${top + 14}`);

    says.textContent = sentence();
    drawing.setAttribute("aria-label", `${translate ? "Translate and scale" : "Flip and filter"}. ${sentence()}`);
    root.dataset.state = JSON.stringify({ ...state, output: shown, sentence: sentence() });
  }

  // a press on an output shows what made it; the slider does the same by keyboard
  function opener(n, left, top, width, height) {
    const area = svg("rect", { x: left, y: top, width, height, style: "fill: transparent; cursor: pointer" });
    area.dataset.output = n;
    area.addEventListener("click", () => { player.stop(); set({ step: n }); });
    return area;
  }

  // an input value can be dragged up and down to another whole number; the text field does the same by keyboard
  function handle(k, left, top, width, height, unit) {
    const area = svg("rect", { x: left - width / 2, y: top, width, height,
      style: "fill: transparent; cursor: ns-resize; touch-action: none" });
    area.dataset.handle = k;
    area.addEventListener("pointerdown", (down) => {
      down.preventDefault();
      player.stop();
      const before = state.x[k];
      const scale = WIDTH / drawing.getBoundingClientRect().width / unit;
      const move = (event) => {
        const value = Math.round(before + (down.clientY - event.clientY) * scale);
        const x = [...state.x];
        x[k] = Math.max(-LIMIT, Math.min(LIMIT, value));
        set({ x });
      };
      const up = () => {
        window.removeEventListener("pointermove", move);
        window.removeEventListener("pointerup", up);
        window.removeEventListener("pointercancel", up);
      };
      window.addEventListener("pointermove", move);
      window.addEventListener("pointerup", up);
      window.addEventListener("pointercancel", up);
    });
    return area;
  }

  root.course = { set };
  set({});
});
