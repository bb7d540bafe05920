/* Transposed convolution in one dimension: every input sends out a copy of the kernel, S further for each.
 * Columns are outputs. Below the sum stands how many products each output is made of: the checkerboard.
 */
"use strict";

Course.register("transposed_explorer", (root, settings) => {
  const { element, svg, number, bracket, paint } = Course;
  const INPUTS = settings.x.length;
  const COLOUR = {
    x: paint("input"), w: paint("kernel"), y: paint("output"), count: paint("second"), muted: paint("muted"),
  };
  const state = { ...settings };

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

  function cell(column, row, value, colour, { fill, strong = false, dashed = false }) {
    const group = svg("g");
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

  // one of so many inputs or outputs to choose from
  function choosable(kind, index, count, label, group) {
    const chosen = state.focus.kind === kind && state.focus.index === index;
    const first = state.focus.kind === kind ? chosen : index === 0; // the one cell of its row that Tab reaches
    return Course.choosable(group, {
      label, mark: { [`data-${kind}`]: index }, chosen, reached: first, at: [index], size: [count],
      choose: (next) => set({ focus: { kind, index: next } }),
    });
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
      picture.append(choosable("x", i, INPUTS, `input ${i}, value ${number(value)}`,
        cell(-1.6, i, value, COLOUR.x, { fill: there ? 0.28 : 0, strong: chosen })));
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
      picture.append(choosable("y", n, length - 2 * padding, name,
        cell(p, sumRow, full[p], COLOUR.y, { fill: chosen ? 0.5 : 0.2, strong: chosen })));
      picture.append(cell(p, countRow, counts[p], COLOUR.count, { fill: 0.55 * (counts[p] / most) }));
    }
    return picture;
  }

  // --- controls

  function set(next) {
    Object.assign(state, next);
    render();
  }

  const step = () => set({ copies: (state.copies + 1) % (INPUTS + 1) });
  const sliders = Course.sliders(state, set, {
    kernel: ["Kernel size K", 1, settings.own.length], stride: ["Stride S", 1, 3], padding: ["Padding P", 0, 3],
    copies: ["Copies added", 0, INPUTS],
  });
  const kind = Course.choice("Kernel w", [["ones", "all ones"], ["tent", "a tent"], ["own", "numbers I type"]],
    state.kind, (chosen) => set({ kind: chosen }));
  const error = element("p", { class: "error", "aria-live": "polite" });
  const fields = {
    x: Course.numbers("values of x", () => INPUTS, error, (x) => set({ x })),
    own: Course.numbers("taps of w", () => state.kernel, error,
      (values) => set({ own: [...values, ...state.own.slice(values.length)] })),
  };
  const drawing = element("div");
  drawing.style.overflowX = "auto"; // on a phone the widest settings scroll inside the figure
  const told = ["chosen", "size", "count", "flat"].map((name) =>
    element("p", { class: `says ${name}`, "aria-live": "polite", style: "min-height: 0" }));

  function render() {
    const result = layer();
    const last = (state.focus.kind === "x" ? INPUTS : result.y.length) - 1;
    state.focus = { kind: state.focus.kind, index: Math.max(Math.min(state.focus.index, last), 0) };
    drawing.replaceChildren(draw(result));
    sliders.follow(state);
    kind.input.value = state.kind;
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
    element("div", { class: "controls" }, ...sliders.nodes, kind.node,
      element("label", {}, "Taps of w", fields.own), element("label", {}, "Input x", fields.x),
      ...Course.play(step)),
    error, drawing, ...told);

  root.course = { set };
  render();
});
