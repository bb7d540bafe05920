/* Transposed convolution in one dimension: every input sends out a copy of the kernel, S further for each.
 * Columns are outputs. Below the sum stands how many products each output is made of: the checkerboard.
 */
"use strict";

Course.register("transposed_explorer", (root, settings) => {
  const { element, svg, number } = Course;
  const INPUTS = settings.x.length;
  const COLOUR = {
    x: "var(--course-input, #0072b2)", w: "var(--course-kernel, #d55e00)", y: "var(--course-output, #00896b)",
    count: "var(--course-second, #aa5599)", muted: "var(--course-muted, #7f8590)",
  };
  const state = { ...settings };
  let timer = null;

  const bracket = (value) => (value < 0 ? `(${number(value)})` : number(value));
  const upTo = (size) => Array.from({ length: size }, (_, i) => i);
  const total = (values) => values.reduce((sum, value) => sum + value, 0);

  // --- what is computed

  function taps() {
    const { kind, kernel, own } = state;
    const tent = (k) => Math.min(k + 1, kernel - k);
    return upTo(kernel).map((k) => ({ ones: 1, tent: tent(k), own: own[k] })[kind]);
  }

  // positions are counted before P of them are cut off at each end
  function layer() {
    const { x, kernel, stride, padding, copies } = state;
    const w = taps();
    const length = (INPUTS - 1) * stride + kernel;
    const full = new Array(length).fill(0);
    const counts = new Array(length).fill(0);
    x.forEach((value, i) => w.forEach((weight, k) => {
      counts[i * stride + k] += 1;
      if (i < copies) full[i * stride + k] += value * weight;
    }));
    const kept = (values) => values.slice(padding, Math.max(length - padding, padding));
    // tap k reaches only positions that leave the remainder k mod S
    const phases = upTo(stride).map((r) => upTo(kernel).filter((k) => k % stride === r));
    return { w, length, full, counts, y: kept(full), seen: kept(counts), phases };
  }

  function sizeText({ length, y }) {
    const { stride, padding, kernel } = state;
    const size = `(${INPUTS} − 1)·${stride}${padding ? ` − 2·${padding}` : ""} + ${kernel} = ${length - 2 * padding}`;
    return y.length ? `Output size ${size}.` : `Output size ${size}: no output is left.`;
  }

  function countText({ phases }) {
    const { stride, kernel } = state;
    const sizes = phases.map((ks) => ks.length);
    if (kernel > stride * INPUTS) return "The copies are so long that every output lies near an end.";
    if (kernel % stride === 0) {
      const why = stride === 1 ? "neighbouring copies lie one apart" : `${kernel} is divisible by ${stride}`;
      return `Away from the ends every output is made of ${kernel / stride}: ${why}. No checkerboard in the counts.`;
    }
    const what = sizes.includes(0) ? "Some outputs get nothing" : "A checkerboard in the counts";
    return `Away from the ends outputs are made by turns of ${sizes.join(", ")}. `
      + `${what}: ${kernel} is not divisible by ${stride}.`;
  }

  const sums = ({ w, phases }) => phases.map((ks) => total(ks.map((k) => w[k])));

  function flatText(result) {
    const each = sums(result);
    const flat = each.every((sum) => Math.abs(sum - each[0]) < 1e-9);
    const names = result.phases.map((ks, r) => `${ks.map((k) => `w[${k}]`).join(" + ") || "nothing"} = ${number(each[r])}`);
    const verdict = flat ? "a constant input stays constant" : "a constant input comes out striped";
    return `Tap sums: ${names.join("; ")}. So ${verdict}.`;
  }

  function chosenText({ w, length, full, y }) {
    const { x, stride, padding, copies, focus } = state;
    const { kind, index } = focus;
    if (kind === "x") {
      const sent = w.map((weight, k) => {
        const n = index * stride + k - padding;
        const place = n < 0 || n >= length - 2 * padding ? "the part cut off" : `y[${n}]`;
        return `${bracket(x[index])}·${bracket(weight)} = ${number(x[index] * weight)} to ${place}`;
      });
      return `x[${index}] = ${number(x[index])} sends ${sent.join(", ")}.`;
    }
    if (!y.length) return "";
    const products = upTo(Math.min(copies, INPUTS))
      .map((i) => [i, index + padding - i * stride]).filter(([, k]) => k >= 0 && k < w.length);
    if (!products.length) return `y[${index}] = 0: no copy reaches it.`;
    const symbols = products.map(([i, k]) => `x[${i}]·w[${k}]`).join(" + ");
    const numbers = products.map(([i, k]) => `${bracket(x[i])}·${bracket(w[k])}`).join(" + ");
    return `y[${index}] = ${symbols} = ${numbers} = ${number(full[index + padding])}`;
  }

  // --- what is drawn; one unit is the side of a cell

  function cell(column, row, value, colour, { fill, strong = false, dashed = false, button = null }) {
    const group = svg("g", button ?? {});
    group.append(svg("rect", {
      x: column - 0.45, y: row - 0.42, width: 0.9, height: 0.84, rx: 0.08, fill: colour, stroke: colour,
      "fill-opacity": fill, "stroke-width": strong ? 0.09 : 0.03, "stroke-dasharray": dashed ? "0.12 0.1" : "none",
    }));
    group.append(svg("text", {
      x: column, y: row + 0.16, "text-anchor": "middle", "font-size": 0.46, fill: "currentColor",
      opacity: dashed ? 0.7 : 1,
    }, number(Math.round(value * 100) / 100)));
    return group;
  }

  function button(kind, index, size, name) {
    const chosen = state.focus.kind === kind && state.focus.index === index;
    return {
      role: "button", tabindex: chosen || (state.focus.kind !== kind && index === 0) ? 0 : -1,
      "aria-pressed": chosen, "aria-label": name, [`data-${kind}`]: index, "data-size": size, style: "cursor: pointer",
    };
  }

  function draw(result) {
    const { x, stride, padding, kernel, copies, focus } = state;
    const { w, length, full, counts } = result;
    const [sumRow, countRow] = [INPUTS + 0.35, INPUTS + 1.5];
    const width = Math.max(length, 11) + 3.1;
    const picture = svg("svg", {
      viewBox: `-2.6 -1.25 ${width} ${INPUTS + 3.4}`, role: "group",
      "aria-label": "One row for each input: its copy of the kernel. Below: the sum, and the number of products",
    });
    picture.style.cssText = `max-width: 40rem; min-width: ${width * 1.25}rem; margin-inline: auto`;
    const note = (text, column, row, colour, anchor = "end") => picture.append(svg("text", {
      x: column, y: row + 0.16, "text-anchor": anchor, "font-size": 0.5, fill: colour,
    }, text));
    const inside = (p) => p >= padding && p < length - padding;

    note("x", -1.6, -0.85, COLOUR.x, "middle");
    note("copies of the kernel", -0.5, -0.85, COLOUR.w, "start");
    x.forEach((value, i) => {
      const chosen = focus.kind === "x" && focus.index === i;
      const there = i < copies;
      picture.append(cell(-1.6, i, value, COLOUR.x, {
        fill: there ? 0.28 : 0, strong: chosen, button: button("x", i, INPUTS, `input ${i}, value ${number(value)}`),
      }));
      if (!there) return;
      w.forEach((weight, k) => {
        const p = i * stride + k;
        const mine = focus.kind === "y" && focus.index + padding === p;
        picture.append(cell(p, i, value * weight, inside(p) ? COLOUR.w : COLOUR.muted, {
          fill: inside(p) ? 0.2 : 0, strong: chosen || mine, dashed: !inside(p),
        }));
      });
    });
    note("y", -1.6, sumRow, COLOUR.y, "middle");
    note("made of", -0.6, countRow, COLOUR.count);
    picture.append(svg("line", {
      x1: -0.5, x2: length - 0.5, y1: INPUTS - 0.32, y2: INPUTS - 0.32, stroke: COLOUR.muted, "stroke-width": 0.04,
    }));
    const most = Math.ceil(kernel / stride);
    for (const p of upTo(length)) {
      const n = p - padding;
      const chosen = focus.kind === "y" && focus.index === n;
      if (!inside(p)) {
        picture.append(cell(p, sumRow, full[p], COLOUR.muted, { fill: 0, dashed: true }));
        continue;
      }
      const name = `output ${n}, value ${number(full[p])}, made of ${counts[p]}`;
      picture.append(cell(p, sumRow, full[p], COLOUR.y, {
        fill: chosen ? 0.5 : 0.2, strong: chosen, button: button("y", n, length - 2 * padding, name),
      }));
      picture.append(cell(p, countRow, counts[p], COLOUR.count, { fill: 0.55 * (counts[p] / most) }));
    }
    for (const group of picture.querySelectorAll("[role=button]")) {
      const kind = group.dataset.x === undefined ? "y" : "x";
      const [index, size] = [Number(group.dataset[kind]), Number(group.dataset.size)];
      group.addEventListener("click", () => choose(kind, index));
      group.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Enter: 0, " ": 0 }[event.key];
        if (step === undefined) return;
        event.preventDefault();
        choose(kind, (index + step + size) % size);
        drawing.querySelector(`[data-${kind}="${state.focus.index}"]`).focus();
      });
    }
    return picture;
  }

  // --- controls

  function choose(kind, index) {
    state.focus = { kind, index };
    render();
  }

  function play() {
    clearInterval(timer);
    timer = timer === null ? setInterval(() => { state.copies = (state.copies + 1) % (INPUTS + 1); render(); }, 900) : null;
    playing.textContent = timer === null ? "Play" : "Pause";
  }

  const change = (key) => (value) => {
    state[key] = value;
    render();
  };
  const sliders = {
    kernel: Course.slider("Kernel size K", 1, settings.own.length, state.kernel, change("kernel")),
    stride: Course.slider("Stride S", 1, 3, state.stride, change("stride")),
    padding: Course.slider("Padding P", 0, 3, state.padding, change("padding")),
    copies: Course.slider("Copies added", 0, INPUTS, state.copies, change("copies")),
  };
  const kind = Course.choice("Kernel w", [["ones", "all ones"], ["tent", "a tent"], ["own", "numbers I type"]],
    state.kind, change("kind"));
  const fields = {
    x: element("input", { type: "text", "aria-label": "values of x, separated by commas" }),
    own: element("input", { type: "text", "aria-label": "taps of w, separated by commas" }),
  };
  const error = element("p", { class: "error", "aria-live": "polite" });
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const playing = Course.button("Play", play);
  const drawing = element("div");
  drawing.style.overflowX = "auto"; // on a phone the widest settings scroll inside the figure
  const told = ["chosen", "size", "count", "flat"].map((name) =>
    element("p", { class: `says ${name}`, "aria-live": "polite", style: "min-height: 0" }));

  for (const [key, field] of Object.entries(fields)) {
    field.addEventListener("change", () => {
      const wanted = key === "x" ? INPUTS : state.kernel;
      const typed = field.value.replaceAll("\u2212", "-").split(",").map((text) => (text.trim() ? Number(text) : NaN));
      const good = typed.length === wanted && typed.every(Number.isFinite);
      error.textContent = good ? "" : `Please type ${wanted} numbers with commas between them.`;
      if (!good) return;
      state[key] = [...typed, ...state[key].slice(wanted)];
      render();
    });
  }

  function render() {
    const result = layer();
    const last = (state.focus.kind === "x" ? INPUTS : result.y.length) - 1;
    state.focus = { kind: state.focus.kind, index: Math.max(Math.min(state.focus.index, last), 0) };
    drawing.replaceChildren(draw(result));
    sliders.copies.set(state.copies);
    fields.x.value = state.x.map(number).join(", ");
    fields.own.value = result.w.map(number).join(", ");
    fields.own.disabled = state.kind !== "own";
    error.textContent = "";
    const says = [chosenText, sizeText, countText, flatText].map((text) => text(result));
    told.forEach((paragraph, i) => { paragraph.textContent = says[i]; });
    root.dataset.state = JSON.stringify({
      ...state, w: result.w, y: result.y, seen: result.seen, sums: sums(result), says,
    });
  }

  root.append(
    element("div", { class: "controls" }, ...Object.values(sliders).map((slider) => slider.node), kind.node,
      element("label", {}, "Taps of w", fields.own), element("label", {}, "Input x", fields.x),
      ...(calm ? [] : [playing])),
    error, drawing, ...told);

  root.course = {
    set(next) {
      Object.assign(state, next);
      for (const [key, slider] of Object.entries(sliders)) slider.set(state[key]);
      kind.input.value = state.kind;
      render();
    },
  };
  render();
});
