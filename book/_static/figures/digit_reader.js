/* Draw a digit, and a trained LeNet reads it: `LeNet5("modern")` of course_pkg.models, layer by layer, on weights
 * that lie in this page. What is drawn is brought into MNIST's form first: scaled to a box of 20×20 pixels, and
 * put into a field of 28×28 with its centre of mass in the middle.
 */
"use strict";

Course.register("digit_reader", (root, settings) => {
  const { element, svg, paint } = Course;
  const FIELD = 28, BOX = 20, FINE = 4, PAD = FIELD * FINE; // the pad has FINE × FINE points to a pixel
  const CENTRE = 14.5; // MNIST has the centre of mass in the middle of pixel 14, counted from 0
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const names = settings.samples.map(({ title }) => title);
  const state = { sample: settings.sample, pen: settings.pen, x: null, scores: [] };
  const ink = new Float64Array(PAD * PAD); // 0 (paper) … 1 (ink)
  const at = { row: PAD / 2, column: PAD / 2, down: false }; // the pen that the keys move
  let maps = {};

  // --- the network; a volume is { channels, size, values }, its values in the order of PyTorch

  const weights = {};
  const stored = new Float32Array(bytes(settings.weights).buffer);
  let read = 0;
  for (const [name, shape] of settings.shapes) {
    const length = shape.reduce((product, n) => product * n, 1);
    weights[name] = stored.subarray(read, read + length);
    read += length;
  }

  function convolution(x, name, kernel, padding) {
    const weight = weights[`${name}.weight`], bias = weights[`${name}.bias`];
    const size = x.size + 2 * padding - kernel + 1, values = new Float64Array(bias.length * size * size);
    for (let o = 0, k = 0; o < bias.length; o++) for (let m = 0; m < size; m++) for (let n = 0; n < size; n++, k++) {
      let sum = bias[o];
      for (let c = 0; c < x.channels; c++) for (let i = 0; i < kernel; i++) {
        const row = m + i - padding;
        if (row < 0 || row >= x.size) continue;
        for (let j = 0; j < kernel; j++) {
          const column = n + j - padding;
          if (column < 0 || column >= x.size) continue;
          sum += weight[((o * x.channels + c) * kernel + i) * kernel + j] * x.values[(c * x.size + row) * x.size + column];
        }
      }
      values[k] = sum;
    }
    return { channels: bias.length, size, values };
  }

  function pooled({ channels, size, values }) {
    const half = size / 2, largest = new Float64Array(channels * half * half);
    for (let c = 0, k = 0; c < channels; c++) for (let m = 0; m < half; m++) for (let n = 0; n < half; n++, k++) {
      const corner = (c * size + 2 * m) * size + 2 * n;
      largest[k] = Math.max(values[corner], values[corner + 1], values[corner + size], values[corner + size + 1]);
    }
    return { channels, size: half, values: largest };
  }

  function connected(values, name) {
    const weight = weights[`${name}.weight`];
    return Float64Array.from(weights[`${name}.bias`], (bias, o) =>
      values.reduce((sum, value, i) => sum + weight[o * values.length + i] * value, bias));
  }

  const relu = (values) => values.map((value) => Math.max(value, 0));
  const active = (x) => ({ ...x, values: relu(x.values) });

  function forward(x) {
    const C1 = active(convolution({ channels: 1, size: FIELD, values: x }, "C1", 5, 2)), S2 = pooled(C1);
    const C3 = active(convolution(S2, "C3", 5, 0)), S4 = pooled(C3);
    const F6 = relu(connected(relu(connected(S4.values, "C5")), "F6"));
    return { C1, S2, C3, S4, scores: connected(F6, "output") };
  }

  function shares(scores) { // softmax
    const top = Math.max(...scores), powers = scores.map((score) => Math.exp(score - top));
    return powers.map((power) => power / powers.reduce((sum, one) => sum + one, 0));
  }

  // --- from the pad to the field

  // the ink's mean over FIELD × FIELD squares of the pad, with its centre of mass at CENTRE
  function centred() {
    let mass = 0, rows = 0, columns = 0, top = PAD, left = PAD, bottom = -1, right = -1;
    ink.forEach((value, i) => {
      if (!value) return;
      const row = Math.floor(i / PAD), column = i % PAD;
      mass += value;
      rows += value * (row + 0.5);
      columns += value * (column + 0.5);
      [top, left] = [Math.min(top, row), Math.min(left, column)];
      [bottom, right] = [Math.max(bottom, row), Math.max(right, column)];
    });
    const x = new Float64Array(FIELD * FIELD);
    if (!mass) return x;
    const side = Math.max(bottom - top, right - left) + 1, step = side / BOX; // points of the pad to a pixel
    const down = covered(rows / mass, step), across = covered(columns / mass, step);
    down.forEach((covers, m) => across.forEach((reaches, n) => {
      let sum = 0;
      for (const [row, part] of covers) for (const [column, share] of reaches) sum += part * share * ink[row * PAD + column];
      x[m * FIELD + n] = sum / (step * step);
    }));
    return x;
  }

  // for each of FIELD strips of this width around a middle, which points of the pad it covers, and how much of each
  function covered(middle, step) {
    return Array.from({ length: FIELD }, (_, i) => {
      const from = middle + (i - CENTRE) * step, to = from + step, covers = [];
      for (let k = Math.max(0, Math.floor(from)); k < Math.min(PAD, to); k++) {
        covers.push([k, Math.min(k + 1, to) - Math.max(k, from)]);
      }
      return covers;
    });
  }

  // --- ink

  function stroke(from, to) {
    const radius = (state.pen * FINE) / 2, [dy, dx] = [to.row - from.row, to.column - from.column];
    const length = dy * dy + dx * dx;
    for (let i = 0; i < ink.length; i++) {
      const y = Math.floor(i / PAD) + 0.5 - from.row, x = (i % PAD) + 0.5 - from.column;
      const along = length ? Math.min(1, Math.max(0, (y * dy + x * dx) / length)) : 0;
      const away = Math.hypot(y - along * dy, x - along * dx);
      ink[i] = Math.max(ink[i], Math.min(1, Math.max(0, radius + 0.5 - away)));
    }
    state.sample = null;
    state.x = centred();
  }

  function load(sample) {
    const pixels = bytes(settings.samples[sample].pixels);
    ink.forEach((_, i) => { ink[i] = pixels[Math.floor(i / PAD / FINE) * FIELD + Math.floor((i % PAD) / FINE)] / 255; });
    Object.assign(state, { sample, x: Float64Array.from(pixels, (pixel) => pixel / 255) });
  }

  function clear() {
    player.stop();
    ink.fill(0);
    Object.assign(state, { sample: null, x: new Float64Array(FIELD * FIELD) });
    render();
  }

  // --- controls

  const options = [["", "your own"], ...names.map((title, i) => [String(i), title])];
  const choice = Course.choice("Digit", options, String(state.sample), (value) => (value ? stopAndSet({ sample: Number(value) }) : clear()));
  const pen = Course.slider("Pen width", 1, 6, state.pen, (width) => { state.pen = width; render(); });
  const player = Course.player(() => set({ sample: ((state.sample ?? -1) + 1) % names.length }),
    { halt: "Stop", every: () => (Course.calm.matches ? 2500 : 1000) });
  const pad = screen("Draw here", "input", { role: "application", tabindex: 0,
    "aria-label": "Drawing pad. Arrow keys move the pen; space lowers it and lifts it." });
  pad.canvas.style.touchAction = "none";
  pad.canvas.style.cursor = "crosshair";
  const field = screen("What the network gets", "input", { role: "img" });
  const first = screen("C1: six maps of 28 × 28", "output", { role: "img" });
  const third = screen("C3: sixteen maps of 10 × 10", "output", { role: "img" });
  const bars = svg("svg", { viewBox: "0 0 240 206", role: "img" });
  const says = element("p", { class: "says", "aria-live": "polite" });
  const block = (least, most, child) => element("div", { style: `flex: 1 1 ${least}; min-width: 0; max-width: ${most}` }, child);
  const row = "display: flex; flex-wrap: wrap; gap: 0.8rem 1.2rem; margin-top: 0.6rem";
  root.append(
    element("div", { class: "controls" }, choice.node, Course.button("Clear", clear), pen.node, player.node),
    element("div", { style: row }, block("11rem", "16rem", pad.node), block("7rem", "10rem", field.node),
      block("13rem", "19rem", bars)),
    element("div", { style: row }, block("15rem", "24rem", first.node), block("11rem", "16rem", third.node)), says);

  function screen(text, role, attributes) {
    const canvas = element("canvas", { ...attributes, style: "display: block; width: 100%; image-rendering: pixelated; " +
      "border: 1px solid var(--pst-color-border)" });
    return { canvas, node: element("div", {}, element("div", { style: `font-size: 0.85rem; color: ${paint(role)}` }, text), canvas) };
  }

  function place(event) {
    const box = pad.canvas.getBoundingClientRect();
    return { row: ((event.clientY - box.top) / box.height) * PAD, column: ((event.clientX - box.left) / box.width) * PAD };
  }

  let drawing = null; // where the pointer was last, while it is down
  pad.canvas.addEventListener("pointerdown", (event) => {
    player.stop();
    pad.canvas.setPointerCapture(event.pointerId);
    drawing = place(event);
    stroke(drawing, drawing);
    render();
  });
  pad.canvas.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    const here = place(event);
    stroke(drawing, here);
    drawing = here;
    render();
  });
  for (const over of ["pointerup", "pointercancel"]) pad.canvas.addEventListener(over, () => { drawing = null; render(); });
  for (const change of ["focus", "blur"]) pad.canvas.addEventListener(change, () => { at.down = false; render(); });
  pad.canvas.addEventListener("keydown", (event) => {
    const step = Course.KEYS[event.key];
    if (!step) return;
    event.preventDefault();
    player.stop();
    const inside = (place) => Math.min(PAD, Math.max(0, place));
    const from = { row: at.row, column: at.column };
    if (step.some(Boolean)) [at.row, at.column] = [inside(at.row + FINE * step[0]), inside(at.column + FINE * step[1])];
    else at.down = !at.down;
    if (at.down) stroke(from, at);
    render();
  });

  function stopAndSet(next) {
    player.stop();
    set(next);
  }

  // { sample }, { x } of 784 values 0 … 1, or { ink } of 112 × 112
  function set(next) {
    if (next.sample !== undefined) load(next.sample);
    if (next.ink) {
      ink.set(next.ink);
      Object.assign(state, { sample: null, x: centred() });
    }
    if (next.x) Object.assign(state, { sample: null, x: Float64Array.from(next.x) });
    render();
  }

  // --- what is drawn

  function colour(role) {
    const now = getComputedStyle(document.documentElement).getPropertyValue(`--course-${role}`).trim();
    return (now || Course.COLOURS[role]).match(/[0-9a-f]{2}/gi).map((part) => parseInt(part, 16));
  }

  // square maps in rows of so many, a line between them; the larger a value, the less of the page shows
  function put({ canvas }, { channels, size, values }, perRow, role) {
    const limit = perRow === 1 ? 1 : Math.max(...values) || 1;
    const rows = Math.ceil(channels / perRow), width = perRow * (size + 1) - 1, height = rows * (size + 1) - 1;
    const data = new ImageData(width, height), rgb = colour(role), grey = [...colour("muted"), 90];
    for (let i = 0; i < width * height; i++) { // the lines between maps
      if ((i % width) % (size + 1) === size || Math.floor(i / width) % (size + 1) === size) data.data.set(grey, 4 * i);
    }
    values.forEach((value, i) => {
      const map = Math.floor(i / (size * size)), m = Math.floor((i % (size * size)) / size), n = i % size;
      const line = Math.floor(map / perRow) * (size + 1) + m, column = (map % perRow) * (size + 1) + n;
      data.data.set([...rgb, Math.round(255 * Math.min(1, value / limit))], 4 * (line * width + column));
    });
    [canvas.width, canvas.height] = [width, height];
    canvas.getContext("2d").putImageData(data, 0, 0);
  }

  const percent = (share) => `${Math.round(100 * share)}\u00a0%`;

  function render() {
    maps = forward(state.x);
    state.scores = [...maps.scores];
    const share = shares(state.scores), order = [...share.keys()].sort((a, b) => state.scores[b] - state.scores[a]);
    choice.input.value = state.sample === null ? "" : String(state.sample);
    put(pad, { channels: 1, size: PAD, values: ink }, 1, "input");
    if (document.activeElement === pad.canvas) drawPen();
    put(field, { channels: 1, size: FIELD, values: state.x }, 1, "input");
    put(first, maps.C1, 3, "output");
    put(third, maps.C3, 4, "output");
    field.canvas.setAttribute("aria-label", "The digit as the network gets it, 28 by 28 pixels.");
    first.canvas.setAttribute("aria-label", "Six maps of the first convolution, after ReLU.");
    third.canvas.setAttribute("aria-label", "Sixteen maps of the second convolution, after ReLU.");
    drawBars(share, order);
    const empty = !state.x.some(Boolean);
    const reading = empty ? "Nothing is drawn yet."
      : `The network reads a ${order[0]}, with a share of ${percent(share[order[0]])}; next is ${order[1]}, with ${percent(share[order[1]])}.`;
    if (!drawing) says.textContent = at.down ? `${reading} The pen is down.` : reading;
    root.dataset.state = JSON.stringify({ ...state, x: [...state.x], says: says.textContent });
  }

  function drawPen() {
    const context = pad.canvas.getContext("2d");
    context.strokeStyle = `rgb(${colour("kernel").join(" ")})`;
    context.lineWidth = at.down ? 3 : 1.5;
    context.beginPath();
    context.arc(at.column, at.row, 2 + (state.pen * FINE) / 2, 0, 2 * Math.PI);
    context.stroke();
  }

  function drawBars(share, order) {
    const text = (x, y, anchor, label, weight) =>
      svg("text", { x, y, "text-anchor": anchor, "font-size": 12, "font-weight": weight, fill: "currentColor" }, label);
    const parts = [text(24, 12, "start", "share", 400), text(238, 12, "end", "score", 400)];
    share.forEach((value, digit) => {
      const y = 18 + 19 * digit, weight = digit === order[0] ? 700 : 400;
      parts.push(text(12, y + 13, "end", String(digit), weight));
      parts.push(svg("rect", { x: 20, y: y + 2, width: 116, height: 14, style: `fill: ${paint("muted")}; opacity: 0.18` }));
      parts.push(svg("rect", { x: 20, y: y + 2, width: 116 * value, height: 14, style: `fill: ${paint("output")}` }));
      parts.push(text(184, y + 13, "end", percent(value), weight));
      parts.push(text(238, y + 13, "end", state.scores[digit].toFixed(1).replace("-", "\u2212"), weight));
    });
    bars.setAttribute("aria-label", `Shares of the ten digits: ${order.slice(0, 3).map((digit) => `${digit} ${percent(share[digit])}`).join(", ")}, …`);
    bars.replaceChildren(...parts);
  }

  new MutationObserver(render).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  root.course = {
    set,
    ink: () => [...ink],
    maps: () => Object.fromEntries(["C1", "S2", "C3", "S4"].map((name) => [name, [...maps[name].values]])),
  };
  set({ sample: state.sample });
});
