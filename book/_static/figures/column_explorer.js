/* An image, the matrix X_col of its windows, and the layer's output, side by side. Choose an output to see its
 * window and its column; choose an input to see all its copies.
 */
"use strict";

Course.register("column_explorer", (root, settings) => {
  const { element, svg, number, bracket, paint } = Course;
  const state = { ...settings };

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

  function cell(picture, column, row, value, colour, strong) {
    const group = svg("g", {}, svg("rect", {
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

  // a cell of a matrix: a press on it chooses the output of its column
  function pressable(group, output, mark = {}) {
    Course.fill(group, { style: "cursor: pointer", ...mark }, []).addEventListener("click", () => chooseOutput(output));
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
      heading(picture, c * (n + 1), channels === 1 ? "image" : `channel ${c}`, paint("input"));
      image.forEach((row, i) => row.forEach((value, j) => {
        const chosen = state.kind === "input" && same(state.input, [c, i, j]);
        const strong = chosen || (state.kind === "output" && inWindow(i, j));
        Course.choosable(cell(picture, c * (n + 1) + j, i, value, paint("input"), strong), {
          label: `input, channel ${c}, row ${i}, column ${j}, value ${number(value)}`,
          mark: { "data-input": `${c},${i},${j}` }, chosen, reached: same(state.input, [c, i, j]),
          at: [i, j], size: [n, n], choose: (row, column) => set({ kind: "input", input: [c, row, column] }),
        });
      }));
    });
    heading(picture, start, "output", paint("output"));
    const seen = new Set(lit(result).map(([, p]) => p));
    y.forEach((value, p) => {
      const [i, j] = [Math.floor(p / side), p % side];
      const chosen = state.kind === "output" && p === state.output;
      Course.choosable(cell(picture, start + j, i, value, paint("output"), seen.has(p)), {
        label: `output, row ${i}, column ${j}, value ${number(value)}`, mark: { "data-output": p },
        chosen, reached: p === state.output, at: [i, j], size: [side, side],
        choose: (row, column) => chooseOutput(row * side + column),
      });
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
    heading(picture, 0, "w", paint("kernel"));
    heading(picture, 1.5, `X_col: ${rows} × ${width}`, paint("input"));
    weights.forEach((weight, r) => cell(picture, 0, r, weight, paint("kernel"), state.kind === "output"));
    const strong = new Set(lit(result).map(String));
    columns.forEach((row, r) => row.forEach((value, p) => {
      const group = cell(picture, 1.5 + p, r, value, paint("input"), strong.has(`${r},${p}`));
      pressable(group, p, { "data-cell": `${r},${p}` });
    }));
    y.forEach((value, p) => {
      const chosen = state.kind === "output" && p === state.output;
      pressable(cell(picture, 1.5 + p, rows + 0.5, value, paint("output"), chosen), p);
    });
    return picture;
  }

  // --- controls

  function set(next) {
    Object.assign(state, next);
    render();
  }

  const chooseOutput = (output) => set({ kind: "output", output });

  function step(by) {
    const count = layer().y.length;
    chooseOutput((state.output + by + count) % count);
  }

  const sliders = Course.sliders(state, set, {
    n: ["Image side N", 3, settings.x[0].length], kernel: ["Kernel size K", 2, settings.w[0].length],
    stride: ["Stride S", 1, 3], channels: ["Channels C", 1, settings.x.length],
  });
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
    sliders.follow(state);
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
    element("div", { class: "controls" }, ...sliders.nodes, ...Course.walk(step)),
    element("div", { style: "display: flex; flex-wrap: wrap; gap: 0 2rem; align-items: flex-start" }, left, right),
    size, chosen);

  root.course = { set };
  render();
});
