/* Where a gradient goes: a convolution layer with one channel, run backwards.
 * Hand in a gradient at the outputs; see what arrives at every input and every tap. Choose an output to see what
 * it hands back, an input or a tap to see the sum behind its gradient.
 */
"use strict";

Course.register("backward_explorer", (root, settings) => {
  const { element, svg, number, bracket, paint } = Course;
  const state = { ...settings };
  const COLOUR = { x: paint("input"), w: paint("kernel"), y: paint("output"), idle: paint("muted") };

  const sum = (values) => values.reduce((total, value) => total + value, 0);

  // --- what is computed

  function handedIn(outputs) {
    if (state.mode === "one") return Array.from({ length: outputs }, (_, n) => Number(n === state.output));
    if (state.mode === "ones") return new Array(outputs).fill(1);
    return Array.from({ length: outputs }, (_, n) => state.typed[n] ?? 0);
  }

  function backward() {
    const { n: size, kernel, stride, padding, dilation } = state;
    const x = state.x.slice(0, size);
    const w = state.w.slice(0, kernel);
    const outputs = Math.max(Signal.outputSize(size, kernel, stride, padding, dilation), 0);
    state.output = Math.max(Math.min(state.output, outputs - 1), 0);
    const g = handedIn(outputs);
    // one wire for each product of the forward pass: output n read input i through tap k
    const wires = g.flatMap((_, n) => w.map((_, k) => ({ n, k, i: n * stride - padding + k * dilation })));
    const gradX = new Array(size).fill(0);
    const gradW = new Array(kernel).fill(0);
    for (const { n, k, i } of wires) {
      if (i < 0 || i >= size) continue; // padding: nobody there to receive or to have sent
      gradX[i] += g[n] * w[k];
      gradW[k] += g[n] * x[i];
    }
    return { x, w, g, wires, gradX, gradW, gradB: sum(g), inside: (i) => i >= 0 && i < size };
  }

  const lit = ({ n, k, i }) => ({ y: n, x: i, w: k })[state.focus.kind] === state.focus.index;

  function says({ x, w, g, wires, gradX, gradW, inside }) {
    if (!g.length) return "The kernel does not fit: no output, no gradient.";
    const { kind, index } = state.focus;
    const mine = wires.filter(lit);
    if (kind === "y") {
      const parts = mine.map(({ n, k, i }) => `${bracket(g[n])}·${bracket(w[k])} = ${number(g[n] * w[k])} to ${
        inside(i) ? `x[${i}]` : "padding, where it is lost"}`);
      return `y[${index}] was handed ${number(g[index])}. It hands back ${parts.join(", ")}.`;
    }
    const terms = kind === "x" ? mine : mine.filter(({ i }) => inside(i));
    const name = kind === "x" ? `∂L/∂x[${index}]` : `∂L/∂w[${index}]`;
    if (!terms.length) return `${name} = 0: no output ever looked at it.`;
    const symbols = terms.map(({ n, k, i }) => `g[${n}]·${kind === "x" ? `w[${k}]` : `x[${i}]`}`).join(" + ");
    const numbers = terms.map(({ n, k, i }) => `${bracket(g[n])}·${bracket(kind === "x" ? w[k] : x[i])}`).join(" + ");
    return `${name} = ${symbols} = ${numbers} = ${number((kind === "x" ? gradX : gradW)[index])}`;
  }

  // --- what is drawn; one unit is the side of a cell

  function box(column, row, value, colour, { fill = 0.15, strong = false, dashed = false } = {}) {
    return [
      svg("rect", {
        x: column - 0.44, y: row - 0.44, width: 0.88, height: 0.88, rx: 0.08, fill: colour, stroke: colour,
        "fill-opacity": fill, "stroke-width": strong ? 0.09 : 0.03, "stroke-dasharray": dashed ? "0.12 0.1" : "none",
      }),
      svg("text", {
        x: column, y: row + 0.16, "text-anchor": "middle", "font-size": 0.44, fill: "currentColor",
      }, number(value)),
    ];
  }

  // two cells as one thing to press, without a gap between them
  const both = (column, row, ...boxes) => [
    svg("rect", { x: column - 0.5, y: row - 0.5, width: 1, height: 2, fill: "transparent" }), ...boxes.flat(),
  ];

  // a cell that can be chosen: one value alone, or a gradient above the value it belongs to
  function choosable(kind, index, count, label, ...boxes) {
    const chosen = state.focus.kind === kind && state.focus.index === index;
    const first = state.focus.kind === kind ? chosen : index === 0; // the one cell of its row that Tab reaches
    return Course.choosable(svg("g", {}, ...boxes.flat()), {
      label, mark: { [`data-${kind}`]: index }, chosen, reached: first, at: [index], size: [count],
      choose: (next) => choose(kind, next),
    });
  }

  function draw(result) {
    const { n: size, padding, stride, dilation, kernel } = state;
    const { x, w, g, wires, gradX, gradW, inside } = result;
    const cells = Math.max(size + 2 * padding, 9);
    const left = (size - cells) / 2 - 0.55;
    const picture = svg("svg", {
      viewBox: `${left} -1.3 ${cells + 0.1} 8.8`, role: "group",
      "aria-label": "Inputs with their gradients above, outputs in the middle, taps with their gradients below",
    });
    picture.style.cssText = "max-width: 34rem; margin-inline: auto";
    const centre = (n) => n * stride - padding + (dilation * (kernel - 1)) / 2;
    const is = (kind, index) => state.focus.kind === kind && state.focus.index === index;
    const note = (text, row, colour) => picture.append(svg("text", {
      x: (size - 1) / 2, y: row, "text-anchor": "middle", "font-size": 0.42, fill: colour,
    }, text));

    for (const wire of [...wires].sort((one, two) => lit(one) - lit(two))) { // lit wires on top
      picture.append(svg("line", {
        x1: centre(wire.n), y1: 3.03, x2: wire.i, y2: 1.47, stroke: lit(wire) ? COLOUR.w : COLOUR.idle,
        "stroke-width": lit(wire) ? 0.07 : 0.02,
      }));
    }
    for (const wire of wires.filter(lit)) {
      picture.append(svg("text", {
        x: centre(wire.n) + 0.6 * (wire.i - centre(wire.n)), y: 3.03 - 0.6 * 1.56 + 0.14, "text-anchor": "middle",
        "font-size": 0.4, "font-weight": "bold", fill: COLOUR.w, stroke: "var(--pst-color-background, #fff)",
        "stroke-width": 0.16, "paint-order": "stroke",
      }, number(w[wire.k])));
    }
    for (let i = -padding; i < size + padding; i++) {
      if (inside(i)) {
        picture.append(choosable("x", i, size, `input ${i}, value ${number(x[i])}, gradient ${number(gradX[i])}`,
          both(i, 0, box(i, 0, gradX[i], COLOUR.x, { fill: gradX[i] ? 0.5 : 0.05, strong: is("x", i) }),
            box(i, 1, x[i], COLOUR.x))));
      } else {
        picture.append(...box(i, 1, 0, COLOUR.idle, { fill: 0, dashed: true }));
      }
    }
    g.forEach((value, n) => picture.append(choosable("y", n, g.length, `output ${n}, gradient ${number(value)}`,
      box(centre(n), 3.5, value, COLOUR.y, { fill: value ? 0.5 : 0.05, strong: is("y", n) }))));
    w.forEach((value, k) => {
      const column = k + (size - kernel) / 2;
      picture.append(choosable("w", k, kernel, `tap ${k}, value ${number(value)}, gradient ${number(gradW[k])}`,
        both(column, 5.9, box(column, 5.9, value, COLOUR.w),
          box(column, 6.9, gradW[k], COLOUR.w, { fill: gradW[k] ? 0.5 : 0.05, strong: is("w", k) }))));
    });
    note("∂L/∂x, and below it the input x", -0.75, COLOUR.x);
    note("g = ∂L/∂y, handed in", 4.4, COLOUR.y);
    note("kernel w, and below it ∂L/∂w", 5.25, COLOUR.w);
    return picture;
  }

  // --- controls

  function set(next) {
    Object.assign(state, next);
    render();
  }

  function choose(kind, index) {
    set({ focus: { kind, index }, ...(kind === "y" ? { output: index } : {}) });
  }

  function step(by) {
    const outputs = backward().g.length;
    if (outputs) choose("y", (state.output + by + outputs) % outputs);
  }

  const sliders = Course.sliders(state, set, {
    n: ["Inputs N", 3, settings.x.length], kernel: ["Kernel size K", 1, settings.w.length],
    stride: ["Stride S", 1, 4], padding: ["Padding P", 0, 3], dilation: ["Dilation D", 1, 4],
  });
  const mode = Course.choice("Gradient handed in, g",
    [["one", "1 at the chosen output"], ["ones", "1 at every output"], ["typed", "numbers I type"]],
    state.mode, (chosen) => set({ mode: chosen }));
  const error = element("p", { class: "error", "aria-live": "polite" });
  const numbers = Course.numbers("values of g", () => backward().g.length, error,
    (values) => set({ typed: [...values, ...state.typed.slice(values.length)] }));
  const drawing = element("div");
  const told = element("p", { class: "says", "aria-live": "polite" });

  function render() {
    const result = backward();
    const { kind, index } = state.focus;
    const last = { y: result.g.length, x: result.x.length, w: result.w.length }[kind] - 1;
    state.focus = { kind, index: Math.max(Math.min(index, last), 0) };
    sliders.follow(state);
    mode.input.value = state.mode;
    drawing.replaceChildren(draw(result));
    told.textContent = says(result);
    numbers.disabled = state.mode !== "typed";
    numbers.value = result.g.map(number).join(", ");
    error.textContent = "";
    const { x, w, g, gradX, gradW, gradB } = result;
    root.dataset.state = JSON.stringify({ ...state, x, w, g, gradX, gradW, gradB, says: told.textContent });
  }

  root.append(
    element("div", { class: "controls" }, ...sliders.nodes, mode.node,
      element("label", {}, "Values of g", numbers),
      ...Course.walk(step)),
    error, drawing, told);

  root.course = { set };
  render();
});
