/* A small convolution layer on a volume: three input channels, two filters. Choose an output to see its
 * receptive field in every channel, the filter that made it, and the sum behind its number.
 */
"use strict";

Course.register("volume_explorer", (root, settings) => {
  const { element, svg, number, bracket, paint } = Course;
  const state = { ...settings };

  // --- what is computed

  function layer() {
    const { x, b, kernel, stride, padding } = state;
    const taps = Array.from({ length: kernel }, (_, k) => k);
    const size = Signal.outputSize(x[0].length, kernel, stride, padding, 1);
    const places = Array.from({ length: size }, (_, i) => i);
    const at = (c, row, column) => x[c][row]?.[column] ?? 0; // zero outside
    // the sum over the window of output (i, j), in channel c, under filter o
    const part = (o, c, i, j) => taps.reduce((sum, k) => taps.reduce((inner, l) =>
      inner + state.w[o][c][k][l] * at(c, i * stride - padding + k, j * stride - padding + l), sum), 0);
    const y = b.map((bias, o) => places.map((i) => places.map((j) =>
      x.reduce((sum, _, c) => sum + part(o, c, i, j), bias))));
    const used = new Set(places.flatMap((i) => taps.map((k) => i * stride - padding + k)));
    return { taps, size, at, part, y, used };
  }

  function sumText({ part, y }) {
    const [o, i, j] = state.output;
    const parts = state.x.map((_, c) => bracket(part(o, c, i, j)));
    return `y[${o}, ${i}, ${j}] = bias ${bracket(state.b[o])} + channels ${parts.join(" + ")} = ${number(y[o][i][j])}`;
  }

  function productsText(c, { taps, at, part }) {
    const [o, i, j] = state.output;
    const { stride, padding } = state;
    const products = taps.flatMap((k) => taps.map((l) => {
      const value = at(c, i * stride - padding + k, j * stride - padding + l);
      return `${bracket(state.w[o][c][k][l])}·${bracket(value)}`;
    }));
    return `${products.join(" + ")} = ${number(part(o, c, i, j))}`;
  }

  function sizeText({ size, used }) {
    const { x, kernel, stride, padding } = state;
    const n = x[0].length;
    const wide = padding ? `${n} + 2·${padding}` : `${n}`;
    const exact = Math.round(((n + 2 * padding - kernel) / stride + 1) * 100) / 100;
    const unused = x[0].map((_, i) => i).filter((i) => !used.has(i));
    const rounded = exact === size ? "" : `, rounded down to ${size}`;
    const idle = unused.length ? ` Never used: rows and columns ${unused.join(", ")}.` : "";
    return `Each map has (${wide} − ${kernel})/${stride} + 1 = ${exact}${rounded} rows and columns.${idle}`;
  }

  // --- what is drawn; one unit is the side of a cell

  function cell(row, column, value, colour, { fill, strong, dashed }) {
    const group = svg("g");
    group.append(svg("rect", {
      x: column + 0.05, y: row + 0.05, width: 0.9, height: 0.9, rx: 0.08, fill: colour, stroke: colour,
      "fill-opacity": fill, "stroke-width": strong ? 0.1 : 0.03, "stroke-dasharray": dashed ? "0.12 0.1" : "none",
    }));
    const text = number(value);
    const size = text.length > 4 ? 0.3 : text.length > 2 ? 0.4 : 0.52;
    group.append(svg("text", {
      x: column + 0.5, y: row + 0.5 + size * 0.36, "text-anchor": "middle", "font-size": size, fill: "currentColor",
    }, text));
    return group;
  }

  function title(text, column, colour) {
    return svg("text", { x: column, y: -0.3, "font-size": 0.6, fill: colour }, text);
  }

  // one input channel, and to its right the slice of the filter that reads it
  function channel(c, { taps, used }) {
    const [o, i, j] = state.output;
    const { kernel, stride, padding } = state;
    const n = state.x[c].length;
    const [top, left] = [i * stride - padding, j * stride - padding];
    const picture = svg("svg", {
      viewBox: `${-padding - 0.1} ${-padding - 1} ${n + 2 * padding + 4.4} ${n + 2 * padding + 1.1}`, role: "img",
      "aria-label": `Input channel ${c}; the window is at row ${top}, column ${left}`,
    });
    for (let row = -padding; row < n + padding; row++) {
      for (let column = -padding; column < n + padding; column++) {
        const real = row >= 0 && row < n && column >= 0 && column < n;
        const strong = row >= top && row < top + kernel && column >= left && column < left + kernel;
        const idle = !used.has(row) || !used.has(column);
        picture.append(cell(row, column, real ? state.x[c][row][column] : 0, paint(real ? "input" : "muted"), {
          fill: real && !idle ? (strong ? 0.5 : 0.15) : 0, strong, dashed: !real,
        }));
      }
    }
    const right = n + padding + 1;
    const slice = svg("g", { transform: `translate(${right} ${(n - kernel) / 2})` });
    slice.append(title(`filter ${o}`, 0, paint("kernel")));
    taps.forEach((k) => taps.forEach((l) => {
      slice.append(cell(k, l, state.w[o][c][k][l], paint("kernel"), { fill: 0.35 }));
    }));
    const name = title(`channel ${c}`, -padding, paint("input"));
    name.setAttribute("y", -padding - 0.3);
    picture.append(svg("rect", {
      x: left, y: top, width: kernel, height: kernel, fill: "none", stroke: paint("kernel"), "stroke-width": 0.16,
    }), slice, name);
    return element("div", { class: "channel" }, picture);
  }

  function map(o, { size, y }) {
    const picture = svg("svg", {
      viewBox: `-0.1 -1 ${Math.max(size, 7) + 0.2} ${size + 1.1}`, role: "group", "aria-label": `Output map ${o}`,
    });
    picture.append(title(`map ${o}`, 0, paint("output")));
    y[o].forEach((row, i) => row.forEach((value, j) => {
      const chosen = String([o, i, j]) === String(state.output);
      const here = i === state.output[1] && j === state.output[2];
      const group = cell(i, j, value, paint("output"), {
        fill: chosen ? 0.55 : here ? 0.3 : 0.12, strong: chosen,
      });
      picture.append(Course.choosable(group, {
        label: `output ${o}, ${i}, ${j}, value ${number(value)}`, mark: { "data-output": `${o} ${i} ${j}` },
        chosen, reached: here, at: [i, j], size: [size, size], choose: (row, column) => set({ output: [o, row, column] }),
      }));
    }));
    return picture;
  }

  // --- controls

  function set(next) {
    Object.assign(state, next);
    render();
  }

  function step() {
    const { size } = layer();
    const [o, i, j] = state.output;
    const next = (o * size + i) * size + j + 1;
    set({ output: [Math.floor(next / size / size) % state.w.length, Math.floor(next / size) % size, next % size] });
  }

  function shuffle() {
    const random = (low, high) => low + Math.floor(Math.random() * (high - low + 1));
    state.x = state.x.map((table) => table.map((row) => row.map(() => random(0, 2))));
    state.w = state.w.map((filter) => filter.map((slice) => slice.map((row) => row.map(() => random(-1, 1)))));
    render();
  }

  const sliders = Course.sliders(state, set, {
    kernel: ["Kernel size K", 1, 3], stride: ["Stride S", 1, 4], padding: ["Padding P", 0, 1],
  });
  const controls = element("div", { class: "controls" }, ...sliders.nodes,
    Course.button("Next output", step), ...Course.play(step), Course.button("New numbers", shuffle));
  const channels = element("div");
  channels.style.cssText = "display: grid; gap: 0.2rem 1rem; grid-template-columns: repeat(auto-fit, minmax(13.5rem, 1fr))";
  const maps = element("div");
  maps.style.cssText = "display: flex; gap: 1.5rem; align-items: start; max-width: 26rem; margin-inline: auto";
  const size = element("p", { class: "says", "aria-live": "polite" });
  const sum = element("p", { class: "says", "aria-live": "polite" });
  for (const line of [size, sum]) line.style.minHeight = "0";

  function render() {
    const result = layer();
    const [o, i, j] = state.output;
    state.output = [o, Math.min(i, result.size - 1), Math.min(j, result.size - 1)];
    sliders.follow(state);
    channels.replaceChildren(...state.x.map((_, c) => {
      const box = channel(c, result);
      const products = element("p", {}, productsText(c, result));
      products.style.cssText = "font-size: 0.8rem; margin: 0; min-height: 3.2em; font-variant-numeric: tabular-nums";
      box.firstChild.style.maxWidth = "17rem";
      box.append(products);
      return box;
    }));
    maps.replaceChildren(...state.w.map((_, filter) => map(filter, result)));
    size.textContent = sizeText(result);
    sum.textContent = sumText(result);
    root.dataset.state = JSON.stringify({ ...state, y: result.y, size: size.textContent, sum: sum.textContent });
  }

  root.append(controls, size, channels, sum, maps);
  root.course = { set };
  render();
});
