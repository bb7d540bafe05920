/* Which inputs make which output: a convolution layer with one channel, no bias, and every setting on a slider.
 * Choose an output to see its receptive field and the sum behind its number.
 */
"use strict";

Course.register("layer_explorer", (root, settings) => {
  const { element, svg, number, bracket, paint } = Course;
  const state = { ...settings };

  const times = (weight, value) => `${bracket(weight)}·${bracket(value)}`;

  // --- what is computed

  function layer() {
    const { n, kernel, stride, padding, dilation } = state;
    const x = state.x.slice(0, n);
    const w = state.w.slice(0, kernel);
    const free = n + 2 * padding - dilation * (kernel - 1) - 1; // how far the kernel can travel
    const y = free < 0 ? [] : Signal.conv1d(x, w, stride, padding, dilation);
    const taps = (m) => w.map((_, k) => m * stride - padding + k * dilation); // input positions under the kernel
    const used = new Set(y.flatMap((_, m) => taps(m)));
    return { x, w, y, free, taps, unused: x.map((_, i) => i).filter((i) => !used.has(i)) };
  }

  function sizeText({ free, y, unused }) {
    const { n, kernel, stride, padding, dilation } = state;
    const reach = dilation * (kernel - 1) + 1;
    if (free < 0) {
      return `The kernel reaches over ${reach} positions and does not fit into ${n + 2 * padding}: no output.`;
    }
    const wide = padding ? `${n} + 2·${padding}` : `${n}`;
    const size = (taken) => `(${wide} − ${taken})/${stride} + 1 = ${Math.round((free / stride + 1) * 100) / 100}`;
    const formula = size(dilation === 1 ? kernel : `${dilation}·(${kernel} − 1) − 1`);
    const names = unused.map((i) => `x[${i}]`).join(", ");
    const idle = unused.length ? ` Never used: ${names}.` : "";
    if (free % stride === 0) return `Output size ${formula}.${idle}`;
    const left = unused.length ? "" : " Only padding is left over.";
    return `Output size ${formula} is not whole: the layer rounds down to ${y.length}.${idle}${left}`;
  }

  function outputText({ x, w, y, taps }) {
    if (!y.length) return "";
    const m = state.output;
    const inside = (i) => i >= 0 && i < x.length;
    const symbols = w.map((_, k) => `w[${k}]·${inside(taps(m)[k]) ? `x[${taps(m)[k]}]` : "0"}`).join(" + ");
    const numbers = w.map((weight, k) => times(weight, inside(taps(m)[k]) ? x[taps(m)[k]] : 0)).join(" + ");
    return `y[${m}] = ${symbols} = ${numbers} = ${number(y[m])}`;
  }

  // --- what is drawn; one unit is the side of a cell

  function cell(position, row, value, colour, style) {
    const group = svg("g");
    group.append(svg("rect", {
      x: position - 0.44, y: row - 0.44, width: 0.88, height: 0.88, rx: 0.08, fill: colour, stroke: colour,
      "fill-opacity": style.fill, "stroke-width": style.strong ? 0.09 : 0.03,
      "stroke-dasharray": style.dashed ? "0.12 0.1" : "none",
    }));
    group.append(svg("text", {
      x: position, y: row + 0.17, "text-anchor": "middle", "font-size": 0.46, fill: "currentColor",
    }, number(value)));
    return group;
  }

  function draw(result) {
    const { n, padding, stride, dilation, kernel } = state;
    const { x, w, y, taps, unused } = result;
    const cells = Math.max(n + 2 * padding, 10);
    const left = (n - cells) / 2 - 0.55;
    const picture = svg("svg", {
      viewBox: `${left} -1.05 ${cells + 0.1} 4.5`, role: "group", "aria-label": "Inputs above, outputs below",
    });
    picture.style.cssText = "max-width: 38rem; margin-inline: auto";
    const centre = (m) => m * stride - padding + (dilation * (kernel - 1)) / 2;
    const chosen = y.length ? new Set(taps(state.output)) : new Set();
    const line = (m, k, attributes) => picture.append(svg("line", {
      x1: centre(m), y1: 2.03, x2: taps(m)[k], y2: 0.47, ...attributes,
    }));

    y.forEach((_, m) => w.forEach((_, k) => {
      if (m !== state.output) line(m, k, { stroke: paint("muted"), "stroke-width": 0.02 });
    }));
    for (let i = -padding; i < n + padding; i++) {
      const real = i >= 0 && i < n;
      picture.append(cell(i, 0, real ? x[i] : 0, paint(real ? "input" : "muted"), {
        fill: real && !unused.includes(i) ? 0.28 : 0, dashed: !real, strong: chosen.has(i),
      }));
    }
    if (y.length) {
      w.forEach((weight, k) => {
        line(state.output, k, { stroke: paint("kernel"), "stroke-width": 0.07 });
        const along = 0.66;
        picture.append(svg("text", {
          x: centre(state.output) + along * (taps(state.output)[k] - centre(state.output)),
          y: 2.03 - along * 1.56 + 0.14, "text-anchor": "middle", "font-size": 0.42, "font-weight": "bold",
          fill: paint("kernel"), stroke: "var(--pst-color-background, #fff)", "stroke-width": 0.16, "paint-order": "stroke",
        }, number(weight)));
      });
    }
    y.forEach((value, m) => {
      const chosen = m === state.output;
      const group = cell(centre(m), 2.5, value, paint("output"), { fill: chosen ? 0.5 : 0.18, strong: chosen });
      picture.append(Course.choosable(group, {
        label: `output ${m}, value ${number(value)}`, mark: { "data-output": m }, chosen, at: [m], size: [y.length],
        choose: (output) => set({ output }),
      }));
    });
    return picture;
  }

  // --- controls

  function set(next) {
    Object.assign(state, next);
    render();
  }

  function step(by) {
    const size = layer().y.length;
    if (size) set({ output: (state.output + by + size) % size });
  }

  const sliders = Course.sliders(state, set, {
    n: ["Inputs N", 3, settings.x.length], kernel: ["Kernel size K", 1, settings.w.length],
    stride: ["Stride S", 1, 4], padding: ["Padding P", 0, 3], dilation: ["Dilation D", 1, 4],
  });
  const drawing = element("div");
  const size = element("p", { class: "says size", "aria-live": "polite" });
  const sum = element("p", { class: "says sum", "aria-live": "polite" });

  function render() {
    const result = layer();
    state.output = Math.max(0, Math.min(state.output, result.y.length - 1));
    sliders.follow(state);
    drawing.replaceChildren(draw(result));
    size.textContent = sizeText(result);
    sum.textContent = outputText(result);
    root.dataset.state = JSON.stringify({
      ...state, x: result.x, w: result.w, y: result.y, unused: result.unused,
      size: size.textContent, sum: sum.textContent,
    });
  }

  root.append(
    element("div", { class: "controls" }, ...sliders.nodes, ...Course.walk(step)),
    drawing, size, sum);

  root.course = { set };
  render();
});
