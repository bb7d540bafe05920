/* Shift an image pixel by pixel and watch four layers follow, or not. The image is a ring: what leaves on the
 * right comes back on the left. The layers are a 3×3 kernel and ReLU; the same with stride 2; then 2×2 max
 * pooling; then max-blur-pooling, as `ops.blur_pool2d(…, padding_mode="circular")` after a dense maximum.
 */
"use strict";

Course.register("shift_explorer", (root, settings) => {
  const { element, svg, number, paint } = Course;
  const FARTHEST = 8;
  const { height, width } = settings;
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const ring = (i, size) => ((i % size) + size) % size;
  const state = { image: settings.image, x: null, kernel: settings.kernel, shift: settings.shift };
  let errors = {}; // per layer, at every shift

  // --- what is computed; a map is { rows, columns, values }

  function table(rows, columns, at) {
    const values = new Float64Array(rows * columns);
    for (let m = 0; m < rows; m++) for (let n = 0; n < columns; n++) values[m * columns + n] = at(m, n);
    return { rows, columns, values };
  }
  const look = ({ rows, columns, values }) => (m, n) => values[ring(m, rows) * columns + ring(n, columns)];
  const thinned = (map, at) => table(map.rows / 2, map.columns / 2, (m, n) => at(2 * m, 2 * n));

  function convolution(x) {
    const at = look(x);
    return table(x.rows, x.columns, (m, n) => {
      let sum = 0;
      state.kernel.forEach((line, i) => line.forEach((tap, j) => { sum += tap * at(m + i - 1, n + j - 1); }));
      return Math.max(sum, 0);
    });
  }

  const largest = (at) => (m, n) => Math.max(at(m, n), at(m, n + 1), at(m + 1, n), at(m + 1, n + 1));

  function blurred(at) {
    const taps = [0.25, 0.5, 0.25];
    return (m, n) => {
      let sum = 0;
      taps.forEach((a, i) => taps.forEach((b, j) => { sum += a * b * at(m + i - 1, n + j - 1); }));
      return sum;
    };
  }

  const LAYERS = {
    "convolution": { role: "muted", line: "1 4", follow: (y) => y },
    "stride 2": { role: "second", line: "2 3", follow: (y) => thinned(y, look(y)) },
    "max pool": { role: "output", line: "7 4", follow: (y) => thinned(y, largest(look(y))) },
    "max-blur-pool": { role: "input", line: "none", follow: (y) => {
      const dense = table(y.rows, y.columns, largest(look(y)));
      return thinned(dense, blurred(look(dense)));
    } },
  };

  // to the right, by a number of positions; between two positions, the mixture of both
  function moved(map, by) {
    const whole = Math.floor(by), part = by - whole, at = look(map);
    return table(map.rows, map.columns, (m, n) => (1 - part) * at(m, n - whole) + part * at(m, n - whole - 1));
  }

  const norm = (values) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

  function picture() {
    const pixels = state.x ?? bytes(settings.images[state.image]);
    return { rows: height, columns: width, values: Float64Array.from(pixels, (value) => value / 255) };
  }

  function measure(shift) {
    const x = picture(), plain = convolution(x), shifted = convolution(moved(x, shift));
    return Object.fromEntries(Object.entries(LAYERS).map(([name, { follow }]) => {
      const y = follow(plain), got = follow(shifted);
      const wanted = moved(y, (shift * y.columns) / width);
      const difference = table(y.rows, y.columns, (m, n) => look(got)(m, n) - look(wanted)(m, n));
      const [off, size] = [norm(difference.values), norm(y.values)];
      return [name, { got, difference, off, size, error: size ? off / size : 0, limit: Math.max(...y.values) || 1 }];
    }));
  }

  function measureAll() {
    const all = Array.from({ length: FARTHEST + 1 }, (_, shift) => measure(shift));
    errors = Object.fromEntries(Object.keys(LAYERS).map((name) => [name, all.map((one) => one[name].error)]));
  }

  // --- controls

  const slider = Course.slider("Shift in pixels", 0, FARTHEST, state.shift, (shift) => { player.stop(); set({ shift }); });
  const names = Object.keys(settings.images).map((name) => [name, name]);
  const choice = Course.choice("Image", names, state.image, (image) => set({ image, x: null }));
  const player = Course.player(() => set({ shift: (state.shift + 1) % (FARTHEST + 1) }),
    { halt: "Stop", every: () => (Course.calm.matches ? 2000 : 900) });
  const input = screen("input, shifted", "input");
  const panels = Object.fromEntries(Object.entries(LAYERS).map(([name, { role }]) => {
    const output = screen("output", "output"), difference = screen("differs by", "kernel");
    const share = element("span", { style: "font-weight: bold" });
    const title = element("div", { style: "font-size: 0.8rem" }, swatch(name), `${name} `, share);
    const pair = element("div", { style: "display: flex; gap: 0.4rem" }, output.node, difference.node);
    const node = element("div", { style: "flex: 1 1 9.2rem; min-width: 0; max-width: 19rem", role: "group", "aria-label": name },
      title, pair);
    return [name, { node, output, difference, share, role }];
  }));
  const curves = svg("svg", { role: "img", style: "max-width: 34rem; margin-inline: auto" });
  const says = element("p", { class: "says", "aria-live": "polite" });
  const row = "display: flex; flex-wrap: wrap; gap: 0.7rem 0.8rem; margin-top: 0.6rem";
  input.node.style.cssText = "flex: 0 0 6rem";
  root.append(
    element("div", { class: "controls" }, input.node, slider.node, choice.node, player.node),
    element("div", { style: row }, ...Object.values(panels).map(({ node }) => node)),
    curves, says);

  function swatch(name) {
    const { role, line } = LAYERS[name];
    return svg("svg", { viewBox: "0 0 30 8", "aria-hidden": "true",
      style: "display: inline-block; width: 1.2rem; height: 0.5rem; margin: 0 0.25rem 0 0" },
    svg("line", { x1: 0, x2: 30, y1: 4, y2: 4, "stroke-dasharray": line, "stroke-width": 3, style: `stroke: ${paint(role)}` }));
  }

  function screen(text, role) {
    const canvas = element("canvas", { role: "img", style: "display: block; width: 100%; image-rendering: pixelated; " +
      "border: 1px solid var(--pst-color-border)" });
    const label = element("div", { style: `font-size: 0.85rem; color: ${paint(role)}` }, text);
    return { canvas, node: element("div", { style: "flex: 1 1 0; min-width: 0" }, label, canvas) };
  }

  function set(next) {
    Object.assign(state, next);
    slider.set(state.shift);
    choice.input.value = state.image;
    if (["image", "x", "kernel"].some((key) => key in next)) measureAll();
    render();
  }

  // --- what is drawn

  function rgb(role) {
    const colour = getComputedStyle(document.documentElement).getPropertyValue(`--course-${role}`).trim();
    return (colour || Course.COLOURS[role]).match(/[0-9a-f]{2}/gi).map((part) => parseInt(part, 16));
  }

  // the larger the value, the less of the page shows through
  function put({ canvas }, { rows, columns, values }, limit, above, below, label) {
    const data = new ImageData(columns, rows), [high, low] = [rgb(above), rgb(below)];
    values.forEach((value, i) => {
      const part = Math.min(1, Math.abs(value) / limit);
      data.data.set([...(value < 0 ? low : high), Math.round(255 * part)], 4 * i);
    });
    [canvas.width, canvas.height] = [columns, rows];
    canvas.getContext("2d").putImageData(data, 0, 0);
    canvas.setAttribute("aria-label", label);
  }

  const percent = (value) => `${Math.round(100 * value)}\u00a0%`;

  function render() {
    const now = measure(state.shift);
    put(input, moved(picture(), state.shift), 1, "input", "input", `the image, shifted by ${state.shift} pixels`);
    for (const [name, { output, difference, share }] of Object.entries(panels)) {
      const one = now[name];
      put(output, one.got, one.limit, "output", "output", `output of ${name}`);
      put(difference, one.difference, one.limit, "input", "kernel", `differs from its own output, shifted, by ${percent(one.error)}`);
      share.textContent = percent(one.error);
    }
    drawCurves();
    const pool = now["max pool"];
    says.textContent = `Shift ${state.shift}, max pool: ‖f(t(x)) − t′(f(x))‖ ÷ ‖f(x)‖ = ` +
      `${number(pool.off)} ÷ ${number(pool.size)} = ${percent(pool.error)}.`;
    root.dataset.state = JSON.stringify({
      image: state.image, x: [...picture().values], kernel: state.kernel, shift: state.shift, errors, says: says.textContent,
      outputs: Object.fromEntries(Object.entries(now).map(([name, { got }]) => [name, [...got.values]])),
      shown: Object.fromEntries(Object.entries(panels).map(([name, { share }]) => [name, share.textContent])),
    });
  }

  function drawCurves() {
    const most = Math.max(0.1, ...Object.values(errors).flat());
    const left = 44, right = 350, bottom = 120, top = 14;
    const across = (shift) => left + (shift * (right - left)) / FARTHEST;
    const up = (error) => bottom - (error / most) * (bottom - top);
    const text = (x, y, anchor, label) => svg("text", { x, y, "text-anchor": anchor, "font-size": 11, fill: "currentColor" }, label);
    const parts = [0, most / 2, most].flatMap((error) => [
      svg("line", { x1: left, x2: right, y1: up(error), y2: up(error), style: `stroke: ${paint("muted")}; opacity: 0.4` }),
      text(left - 5, up(error) + 4, "end", percent(error)),
    ]);
    for (let shift = 0; shift <= FARTHEST; shift++) parts.push(text(across(shift), bottom + 15, "middle", String(shift)));
    parts.push(text((left + right) / 2, bottom + 30, "middle", "shift of the input, in pixels"));
    const here = across(state.shift);
    parts.push(svg("line", { x1: here, x2: here, y1: top - 6, y2: bottom, stroke: "currentColor", "stroke-width": 1, class: "here" }));
    for (const [name, values] of Object.entries(errors)) {
      const { role, line } = LAYERS[name];
      const points = values.map((error, shift) => `${across(shift)},${up(error)}`).join(" ");
      parts.push(svg("polyline", { points, fill: "none", "stroke-width": 2, "stroke-dasharray": line, style: `stroke: ${paint(role)}` }));
      parts.push(svg("circle", { cx: here, cy: up(values[state.shift]), r: 4.5, style: `fill: ${paint(role)}`, "data-layer": name }));
    }
    curves.setAttribute("viewBox", "0 0 360 154");
    curves.setAttribute("aria-label", `Equivariance error against shift. At shift ${state.shift}: ${Object.entries(errors)
      .map(([name, values]) => `${name} ${percent(values[state.shift])}`).join(", ")}.`);
    curves.replaceChildren(...parts);
  }

  new MutationObserver(render).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  root.course = { set };
  set({ image: state.image });
});
