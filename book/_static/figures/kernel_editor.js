/* Change the numbers of a kernel and see the filtered photograph; point at a pixel and see the products
 * behind it. Zeros lie around the image, as in `ops.correlate` and `ops.convolve` with mode="same".
 */
"use strict";

Course.register("kernel_editor", (root, settings) => {
  const { element, svg, number, bracket, paint } = Course;
  const LIMIT = 99;
  const { height, width } = settings.image;
  const pixels = Uint8Array.from(atob(settings.image.pixels), (letter) => letter.charCodeAt(0));
  const { kernel, divisor, row, column } = settings;
  const state = { kernel, divisor, reading: "correlate", row, column };
  let hover = null; // the pixel under the mouse, while there is one
  let y = new Float64Array(height * width);

  // --- what is computed

  const at = (m, n) => (m >= 0 && m < height && n >= 0 && n < width ? pixels[m * width + n] : 0);
  const radius = () => (state.kernel.length - 1) / 2;
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  // the kernel as it lies on the image
  const laid = () => (state.reading === "correlate" ? state.kernel
    : [...state.kernel].reverse().map((taps) => [...taps].reverse()));

  function filter() {
    const r = radius();
    const taps = laid().flatMap((line, i) => line.map((tap, j) => [tap, i - r, j - r])).filter(([tap]) => tap);
    for (let m = 0; m < height; m++) {
      for (let n = 0; n < width; n++) {
        let total = 0;
        for (const [tap, i, j] of taps) total += tap * at(m + i, n + j);
        y[m * width + n] = total / state.divisor;
      }
    }
  }

  function shown() {
    const [m, n] = hover ?? [state.row, state.column];
    const terms = laid().flatMap((line, i) => line.map((tap, j) => {
      const [p, q] = [m + i - radius(), n + j - radius()];
      return { tap, pixel: at(p, q), inside: p >= 0 && p < height && q >= 0 && q < width };
    }));
    return { m, n, terms, value: y[m * width + n] };
  }

  // --- controls

  const OWN = "your own";
  const names = Object.keys(settings.presets);
  const preset = Course.choice("Kernel", [...names, OWN].map((name) => [name, name]), OWN, (name) => {
    if (name !== OWN) set({ ...settings.presets[name] });
  });
  const size = Course.choice("Size", [["3", "3 × 3"], ["5", "5 × 5"]], "3", (value) => set({ kernel: resized(Number(value)) }));
  const reading = Course.choice("Laid on the image", [["correlate", "as it stands (correlate)"],
    ["convolve", "flipped (convolve)"]], "correlate", (value) => set({ reading: value }));
  const rows = Course.slider("Row", 0, height - 1, row, (value) => { player.stop(); set({ row: value }); });
  const columns = Course.slider("Column", 0, width - 1, column, (value) => { player.stop(); set({ column: value }); });
  const player = Course.player(() => {
    set({ column: state.column + 1 });
    if (state.column === width - 1) player.stop();
  }, {
    halt: "Stop",
    every: () => (Course.calm.matches ? 1000 : 200),
    begin() {
      if (state.column === width - 1) set({ column: 0 });
      hover = null;
    },
  });
  const taps = element("div", { role: "group", "aria-label": "kernel" });
  const divided = field("Divided by", "3.5rem", (value) => {
    if (check("Divided by", value, value > 0 && value <= 999, "a number above 0, up to 999")) set({ divisor: value });
  });
  const error = element("p", { class: "error", role: "alert" });
  const says = element("p", { class: "says", "aria-live": "polite" });
  const before = screen("input"), after = screen("output");
  const products = svg("svg", { role: "img", style: "max-width: 26rem; margin-inline: auto" });
  root.append(
    element("div", { class: "controls" }, preset.node, size.node, reading.node),
    element("div", { class: "controls", style: "margin: 0.6rem 0; align-items: center" }, taps,
      element("label", {}, "Divided by", divided)),
    error,
    element("div", { style: "display: flex; flex-wrap: wrap; gap: 0.6rem" }, before.node, after.node),
    element("div", { class: "controls", style: "margin-top: 0.6rem" }, rows.node, columns.node, player.node),
    products, says);

  function field(label, wide, onChange) {
    const input = element("input", { type: "text", autocomplete: "off", "aria-label": label,
      style: `width: ${wide}; text-align: center; padding: 0.2rem` });
    input.addEventListener("change", () => onChange(Number(input.value.trim().replace("\u2212", "-") || NaN)));
    return input;
  }

  function check(name, value, good, wanted) {
    error.textContent = good ? "" : `${name}: expected ${wanted}.`;
    return good;
  }

  // a larger kernel gets zeros around it, a smaller one keeps the middle
  function resized(length) {
    const shift = (state.kernel.length - length) / 2;
    return Array.from({ length }, (_, i) => Array.from({ length }, (_, j) => state.kernel[i + shift]?.[j + shift] ?? 0));
  }

  // a picture with its name, and a frame around the chosen pixels
  function screen(name) {
    const canvas = element("canvas", { width, height, role: "img",
      style: "display: block; width: 100%; image-rendering: pixelated; cursor: crosshair" });
    const frame = element("div", { style: "position: absolute; pointer-events: none; box-sizing: content-box; " +
      `outline: 2px solid ${paint(name === "input" ? "kernel" : "output")}; box-shadow: 0 0 0 4px #ffffffb0` });
    const box = element("div", { style: "position: relative; overflow: hidden" }, canvas, frame);
    const place = (event) => {
      const area = canvas.getBoundingClientRect();
      const inside = (part, length) => Math.max(0, Math.min(length - 1, Math.floor(part * length)));
      return [inside((event.clientY - area.top) / area.height, height),
        inside((event.clientX - area.left) / area.width, width)];
    };
    box.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "mouse" || player.playing()) return;
      hover = place(event);
      point();
    });
    box.addEventListener("pointerleave", () => { hover = null; point(); });
    box.addEventListener("click", (event) => {
      player.stop();
      const [m, n] = place(event);
      set({ row: m, column: n });
    });
    const label = element("div", { style: `color: ${paint(name)}; font-size: 0.9rem` }, name);
    const node = element("div", { style: "flex: 1 1 14rem; min-width: 0" }, label, box);
    return { node, canvas, frame, label };
  }

  function set(next) {
    Object.assign(state, next);
    const same = (name) => JSON.stringify([settings.presets[name].kernel, settings.presets[name].divisor]) ===
      JSON.stringify([state.kernel, state.divisor]);
    preset.input.value = names.find(same) ?? OWN;
    size.input.value = state.kernel.length;
    reading.input.value = state.reading;
    rows.set(state.row);
    columns.set(state.column);
    divided.value = number(state.divisor);
    if ("kernel" in next || !taps.childElementCount) drawTaps();
    filter();
    drawImages();
    point();
  }

  // --- what is drawn

  function drawTaps() {
    const length = state.kernel.length;
    taps.style.cssText = `display: grid; grid-template-columns: repeat(${length}, auto); gap: 0.2rem; justify-content: start`;
    taps.replaceChildren(...state.kernel.flatMap((line, i) => line.map((tap, j) => {
      const name = `Kernel row ${i}, column ${j}`;
      const input = field(name, length === 3 ? "3.6rem" : "3rem", (value) => {
        if (!check(name, value, Math.abs(value) <= LIMIT, `a number from \u2212${LIMIT} to ${LIMIT}`)) return;
        state.kernel = state.kernel.map((line, k) => line.map((tap, l) => (k === i && l === j ? value : tap)));
        set({});
      });
      input.value = number(tap);
      input.style.borderColor = paint("kernel");
      return input;
    })));
  }

  // taps that add up to 0 give both signs: vermilion below zero, blue above; other images are grey
  function drawImages() {
    const signed = Math.abs(sum(state.kernel.flat())) < 1e-9;
    const sorted = Float64Array.from(y, Math.abs).sort();
    const limit = sorted[Math.floor(0.99 * sorted.length)] || 1;
    const [low, middle, high] = [[213, 94, 0], [247, 247, 247], [0, 114, 178]];
    const mix = (value) => {
      const part = Math.max(-1, Math.min(1, value / limit));
      return middle.map((from, i) => from + Math.abs(part) * ((part < 0 ? low : high)[i] - from));
    };
    const put = (canvas, colour) => {
      const data = new ImageData(width, height);
      for (let i = 0; i < height * width; i++) data.data.set([...colour(i), 255], 4 * i);
      canvas.getContext("2d").putImageData(data, 0, 0);
    };
    put(before.canvas, (i) => [pixels[i], pixels[i], pixels[i]]);
    put(after.canvas, (i) => (signed ? mix(y[i]) : [y[i], y[i], y[i]]));
    before.canvas.setAttribute("aria-label", "the photograph");
    after.canvas.setAttribute("aria-label", `the photograph, filtered: ${preset.input.value}`);
    after.label.textContent = signed ? "output: below 0 vermilion, above 0 blue" : "output: 0 black, 255 white";
  }

  function point() {
    const { m, n, terms, value } = shown();
    const put = (frame, reach) => {
      frame.style.left = `${(100 * (n - reach)) / width}%`;
      frame.style.top = `${(100 * (m - reach)) / height}%`;
      frame.style.width = `${(100 * (2 * reach + 1)) / width}%`;
      frame.style.height = `${(100 * (2 * reach + 1)) / height}%`;
    };
    put(before.frame, radius());
    put(after.frame, 0);
    drawProducts(terms);
    says.textContent = sentence(m, n, terms, value);
    products.setAttribute("aria-label", says.textContent);
    root.dataset.state = JSON.stringify({ ...state, preset: preset.input.value, at: [m, n],
      products: terms.map(({ tap, pixel }) => tap * pixel), value, sentence: says.textContent });
  }

  function drawProducts(terms) {
    const length = state.kernel.length, wide = 340 / length, high = length === 3 ? 44 : 36;
    const font = length === 3 ? 14 : 10.5;
    const part = (text, role) => svg("tspan", { style: `fill: ${role ? paint(role) : "currentColor"}` }, text);
    const line = (top, left, ...parts) => svg("text", { x: left, y: top, "text-anchor": "middle", "font-size": font }, ...parts);
    products.setAttribute("viewBox", `0 0 340 ${length * high}`);
    products.replaceChildren(...terms.flatMap(({ tap, pixel, inside }, i) => {
      const left = (i % length) * wide, top = Math.floor(i / length) * high;
      return [
        svg("rect", { x: left + 1, y: top + 1, width: wide - 2, height: high - 2, rx: 3,
          style: `fill: ${paint(tap ? "kernel" : "muted")}; opacity: 0.13` }),
        line(top + high * 0.42, left + wide / 2, part(number(tap), "kernel"), part(" · "), part(number(pixel), inside ? "input" : "muted")),
        line(top + high * 0.82, left + wide / 2, part(number(tap * pixel))),
      ];
    }));
  }

  function sentence(m, n, terms, value) {
    const products = terms.map(({ tap, pixel }) => tap * pixel);
    const list = products.map(bracket).join(" + ");
    const total = state.kernel.length === 3 ? `(${list})` : `(the ${products.length} products, ${number(sum(products))})`;
    return `y[${m}, ${n}] = ${total} ÷ ${number(state.divisor)} = ${number(value)}`;
  }

  root.course = { set, output: () => [...y] };
  set({});
});
