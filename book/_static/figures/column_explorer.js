/* An image, the matrix X_col of its windows, and the layer's output, side by side. Choose an output to see its
 * window and its column; choose an input to see all its copies.
 */
"use strict";

Course.register("column_explorer", (root, settings) => {
  const { element, svg, number } = Course;
  const COLOURS = {
    input: "var(--course-input, #0072b2)",
    kernel: "var(--course-kernel, #d55e00)",
    output: "var(--course-output, #00896b)",
    muted: "var(--course-muted, #7f8590)",
  };
  const state = { ...settings };
  let timer = null;

  // --- what is computed

  function layer() {
    const { n, channels, kernel, stride } = state;
    const x = state.x.slice(0, channels).map((image) => image.slice(0, n).map((row) => row.slice(0, n)));
    const w = state.w.slice(0, channels).map((image) => image.slice(0, kernel).map((row) => row.slice(0, kernel)));
    const side = Math.floor((n - kernel) / stride) + 1; // outputs along one side
    const windows = range(side * side).map((p) => [Math.floor(p / side) * stride, (p % side) * stride]);
    const taps = range(channels * kernel * kernel).map((r) => {
      const within = r % (kernel * kernel);
      return [Math.floor(r / (kernel * kernel)), Math.floor(within / kernel), within % kernel];
    });
    // where each cell of X_col was copied from
    const sources = taps.map(([c, i, j]) => windows.map(([top, left]) => [c, top + i, left + j]));
    const columns = sources.map((row) => row.map(([c, i, j]) => x[c][i][j]));
    const weights = taps.map(([c, i, j]) => w[c][i][j]);
    const y = windows.map((_, p) => weights.reduce((sum, weight, r) => sum + weight * columns[r][p], 0));
    const copies = x.map((image) => image.map((row) => row.map(() => 0)));
    sources.flat().forEach(([c, i, j]) => { copies[c][i][j] += 1; });
    return { n, x, w, side, windows, sources, columns, weights, y, copies };
  }

  function range(count) {
    return Array.from({ length: count }, (_, i) => i);
  }

  const same = (a, b) => a.every((value, i) => value === b[i]);

  // cells of X_col that belong to what is chosen, as [row, column]
  function lit({ sources }) {
    return sources.flatMap((row, r) => row.flatMap((source, p) => {
      const chosen = state.kind === "output" ? p === state.output : same(source, state.input);
      return chosen ? [[r, p]] : [];
    }));
  }

  // --- what is said

  const bracket = (value) => (value < 0 ? `(${number(value)})` : number(value));

  function sizeText({ n, columns }) {
    const [rows, width] = [columns.length, columns[0].length];
    const inputs = state.channels * n * n;
    const times = Math.round((rows * width / inputs) * 100) / 100;
    return `X_col has ${rows} rows and ${width} columns: ${rows * width} values, copied from ${inputs}. `
      + `That is ${times} times as many.`;
  }

  function chosenText(result) {
    const { side, windows, columns, weights, y, x, copies } = result;
    if (state.kind === "output") {
      const p = state.output;
      const [top, left] = windows[p];
      const sum = weights.map((weight, r) => `${bracket(weight)}·${bracket(columns[r][p])}`).join(" + ");
      return `Column ${p} is the window whose corner lies at row ${top}, column ${left} of the image. Weights times `
        + `column: y[${Math.floor(p / side)}, ${p % side}] = ${sum} = ${number(y[p])}`;
    }
    const [c, i, j] = state.input;
    const count = copies[c][i][j];
    const where = lit(result).map(([, p]) => p).sort((a, b) => a - b).join(", ");
    const name = `x[${c}, ${i}, ${j}] = ${number(x[c][i][j])}`;
    if (count === 0) return `${name} lies in no window, so X_col holds no copy of it.`;
    return `${name} lies in ${count} ${count === 1 ? "window" : "windows"}: ${count === 1 ? "one copy" : `${count} copies`}, `
      + `in ${count === 1 ? "column" : "columns"} ${where}.`;
  }

  // --- what is drawn; one unit is the side of a cell

  function cell(picture, column, row, value, colour, strong, attributes = {}) {
    const group = svg("g", attributes);
    group.append(svg("rect", {
      x: column + 0.03, y: row + 0.03, width: 0.94, height: 0.94, fill: colour, stroke: colour,
      "fill-opacity": strong ? 0.5 : 0.12, "stroke-width": strong ? 0.09 : 0.03,
    }), svg("text", {
      x: column + 0.5, y: row + 0.68, "text-anchor": "middle", "font-size": 0.5, fill: "currentColor",
      "font-weight": strong ? "bold" : "normal",
    }, number(value)));
    picture.append(group);
    return group;
  }

  function heading(picture, column, text, colour) {
    picture.append(svg("text", { x: column, y: -0.35, "font-size": 0.58, fill: colour }, text));
  }

  // a cell that can be chosen, by a click or by the keys; arrows move on to its neighbours
  function listen(group, kind, choose, move) {
    group.addEventListener("click", () => choose(0, 0));
    group.addEventListener("keydown", (event) => {
      const step = {
        ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Enter: [0, 0], " ": [0, 0],
      }[event.key];
      if (!step) return;
      event.preventDefault();
      choose(...step);
      left.querySelector(`[data-${kind}="${move()}"]`).focus();
    });
  }

  function drawLeft(result) {
    const { n, x, y, side, windows } = result;
    const { channels, kernel } = state;
    const start = channels * (n + 1); // where the output begins
    const picture = svg("svg", {
      viewBox: `-0.1 -1.1 ${start + Math.max(side, 4) + 0.2} ${n + 1.3}`, role: "group",
      "aria-label": "The image and the output",
    });
    const [top, corner] = windows[state.output];
    const inWindow = (i, j) => i >= top && i < top + kernel && j >= corner && j < corner + kernel;
    x.forEach((image, c) => {
      heading(picture, c * (n + 1), channels === 1 ? "image" : `channel ${c}`, COLOURS.input);
      image.forEach((row, i) => row.forEach((value, j) => {
        const chosen = state.kind === "input" && same(state.input, [c, i, j]);
        const strong = chosen || (state.kind === "output" && inWindow(i, j));
        const group = cell(picture, c * (n + 1) + j, i, value, COLOURS.input, strong, {
          role: "button", tabindex: same(state.input, [c, i, j]) ? 0 : -1, "aria-pressed": chosen,
          "aria-label": `input, channel ${c}, row ${i}, column ${j}, value ${number(value)}`,
          "data-input": `${c},${i},${j}`, style: "cursor: pointer",
        });
        listen(group, "input", (down, right) => chooseInput([c, (i + down + n) % n, (j + right + n) % n]),
          () => state.input.join(","));
      }));
    });
    heading(picture, start, "output", COLOURS.output);
    const seen = new Set(lit(result).map(([, p]) => p));
    y.forEach((value, p) => {
      const [i, j] = [Math.floor(p / side), p % side];
      const chosen = state.kind === "output" && p === state.output;
      const group = cell(picture, start + j, i, value, COLOURS.output, seen.has(p), {
        role: "button", tabindex: p === state.output ? 0 : -1, "aria-pressed": chosen,
        "aria-label": `output, row ${i}, column ${j}, value ${number(value)}`,
        "data-output": p, style: "cursor: pointer",
      });
      listen(group, "output",
        (down, right) => chooseOutput(((i + down + side) % side) * side + ((j + right + side) % side)),
        () => state.output);
    });
    return picture;
  }

  function drawRight(result) {
    const { columns, weights, y } = result;
    const [rows, width] = [columns.length, columns[0].length];
    const picture = svg("svg", {
      viewBox: `-0.1 -1.1 ${Math.max(width, 8) + 1.7} ${rows + 2.8}`, role: "img",
      "aria-label": `The matrix X_col of ${rows} rows and ${width} columns, the weights left of it, the output below`,
    });
    heading(picture, 0, "w", COLOURS.kernel);
    heading(picture, 1.5, `X_col: ${rows} × ${width}`, COLOURS.input);
    weights.forEach((weight, r) => cell(picture, 0, r, weight, COLOURS.kernel, state.kind === "output"));
    const strong = new Set(lit(result).map(String));
    columns.forEach((row, r) => row.forEach((value, p) => {
      const group = cell(picture, 1.5 + p, r, value, COLOURS.input, strong.has(`${r},${p}`), {
        "data-cell": `${r},${p}`, style: "cursor: pointer",
      });
      group.addEventListener("click", () => chooseOutput(p));
    }));
    y.forEach((value, p) => {
      const chosen = state.kind === "output" && p === state.output;
      const group = cell(picture, 1.5 + p, rows + 0.5, value, COLOURS.output, chosen, { style: "cursor: pointer" });
      group.addEventListener("click", () => chooseOutput(p));
    });
    return picture;
  }

  // --- controls

  function chooseOutput(output) {
    Object.assign(state, { kind: "output", output });
    render();
  }

  function chooseInput(input) {
    Object.assign(state, { kind: "input", input });
    render();
  }

  function step(by) {
    const count = layer().y.length;
    chooseOutput((state.output + by + count) % count);
  }

  function play() {
    clearInterval(timer);
    timer = timer === null ? setInterval(() => step(1), 900) : null;
    playing.textContent = timer === null ? "Play" : "Pause";
  }

  const change = (key) => (value) => {
    state[key] = value;
    render();
  };
  const sliders = {
    n: Course.slider("Image side N", 3, settings.x[0].length, state.n, change("n")),
    kernel: Course.slider("Kernel size K", 2, settings.w[0].length, state.kernel, change("kernel")),
    stride: Course.slider("Stride S", 1, 3, state.stride, change("stride")),
    channels: Course.slider("Channels C", 1, settings.x.length, state.channels, change("channels")),
  };
  const playing = Course.button("Play", play);
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const left = element("div");
  const right = element("div");
  const size = element("p", { class: "says size", "aria-live": "polite" });
  const chosen = element("p", { class: "says chosen", "aria-live": "polite" });

  function render() {
    const clamp = (value, top) => Math.max(0, Math.min(value, top));
    const result = layer();
    state.output = clamp(state.output, result.y.length - 1);
    const [c, i, j] = state.input;
    state.input = [clamp(c, state.channels - 1), clamp(i, result.n - 1), clamp(j, result.n - 1)];
    left.replaceChildren(drawLeft(result));
    right.replaceChildren(drawRight(result));
    // cells are about as large on both sides
    for (const part of [left, right]) {
      const units = part.firstChild.viewBox.baseVal.width;
      part.style.cssText = `flex: 1 1 ${units * 1.3}rem; max-width: ${units * 1.75}rem`;
    }
    size.textContent = sizeText(result);
    chosen.textContent = chosenText(result);
    root.dataset.state = JSON.stringify({
      ...state, x: result.x, w: result.w, columns: result.columns, y: result.y, copies: result.copies,
      lit: lit(result), size: size.textContent, chosen: chosen.textContent,
    });
  }

  root.append(
    element("div", { class: "controls" }, ...Object.values(sliders).map((slider) => slider.node),
      Course.button("Previous output", () => step(-1)), Course.button("Next output", () => step(1)),
      ...(calm ? [] : [playing])),
    element("div", { style: "display: flex; flex-wrap: wrap; gap: 0 2rem; align-items: flex-start" }, left, right),
    size, chosen);

  root.course = {
    set(next) {
      Object.assign(state, next);
      for (const [key, slider] of Object.entries(sliders)) slider.set(state[key]);
      render();
    },
  };
  render();
});
