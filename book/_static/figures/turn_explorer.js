/* Turn a digit and watch what one kernel makes of it, and what the kernel and its three turned copies make of it.
 * Turns are those of `course_pkg.data.rotated.rotate`: counterclockwise, with bilinear interpolation. The maps are
 * the kernels correlated with the image, without padding, and ReLU.
 */
"use strict";

Course.register("turn_explorer", (root, settings) => {
  const { element, svg, paint } = Course;
  const { size, step } = settings;
  const TURNS = 360 / step;
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const state = { image: settings.image, x: null, kernel: settings.kernel, w: null, turn: settings.turn };
  let errors = {}; // at every turn, of the plain map and of the largest of four

  // --- what is computed; a map is { side, values }

  function table(side, at) {
    const values = new Float64Array(side * side);
    for (let m = 0; m < side; m++) for (let n = 0; n < side; n++) values[m * side + n] = at(m, n);
    return { side, values };
  }

  function turned({ side, values }, turn) {
    const angle = (turn * step * Math.PI) / 180, half = side / 2;
    const round = (value) => Math.round(value * 1e15) / 1e15;
    const cos = round(Math.cos(angle)), sin = round(Math.sin(angle));
    const inside = (i) => Math.min(Math.max(i, 0), side - 1);
    const at = (m, n) => values[inside(m) * side + inside(n)];
    return table(side, (m, n) => {
      const right = n + 0.5 - half, down = m + 0.5 - half;
      const column = cos * right - sin * down + half, row = sin * right + cos * down + half;
      if (column < 0 || column >= side || row < 0 || row >= side) return 0;
      const [i, j] = [Math.floor(row - 0.5), Math.floor(column - 0.5)];
      const [a, b] = [row - 0.5 - i, column - 0.5 - j];
      return (1 - a) * ((1 - b) * at(i, j) + b * at(i, j + 1)) + a * ((1 - b) * at(i + 1, j) + b * at(i + 1, j + 1));
    });
  }

  const quarter = (w) => w.map((line, i) => line.map((_, j) => w[j][w.length - 1 - i])); // counterclockwise

  function copies(w) {
    const all = [w];
    while (all.length < 4) all.push(quarter(all.at(-1)));
    return all;
  }

  function convolution({ side, values }, w) {
    return table(side - 2, (m, n) => {
      let sum = 0;
      w.forEach((line, i) => line.forEach((tap, j) => { sum += tap * values[(m + i) * side + n + j]; }));
      return Math.max(sum, 0);
    });
  }

  const largest = (maps) => table(maps[0].side, (m, n) => Math.max(...maps.map(({ side, values }) => values[m * side + n])));
  const norm = (values) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

  function off(got, wanted, original) { // as a share; 0 of nothing
    const length = norm(original.values);
    return length ? norm(got.values.map((value, i) => value - wanted.values[i])) / length : 0;
  }

  const follow = (x) => copies(weights()).map((w) => convolution(x, w));
  const weights = () => state.w ?? settings.kernels[state.kernel];

  function picture() {
    const pixels = state.x ?? bytes(settings.images[state.image]);
    return { side: size, values: Float64Array.from(pixels, (value) => value / 255) };
  }

  function measure(turn) {
    const upright = follow(picture()), got = follow(turned(picture(), turn)), quarters = Math.round((turn * step) / 90);
    const should = upright.map((map) => turned(map, turn));
    const [before, pooled] = [largest(upright), largest(got)];
    // which map of the upright image, turned, is each the most like? try the one that moved there first
    const matches = got.map((map, place) => [0, 1, 2, 3].map((i) => (place + 8 - quarters + i) % 4)
      .map((from) => ({ from, error: off(map, should[from], upright[from]) }))
      .reduce((best, one) => (one.error < best.error - 1e-9 ? one : best)));
    return {
      got, pooled, matches, limit: Math.max(...upright.flatMap(({ values }) => [...values])) || 1,
      plain: off(got[0], should[0], upright[0]), group: off(pooled, turned(before, turn), before),
    };
  }

  function measureAll() {
    const all = Array.from({ length: TURNS }, (_, turn) => measure(turn));
    errors = { plain: all.map(({ plain }) => plain), group: all.map(({ group }) => group) };
  }

  // --- controls

  const slider = Course.slider(`Turn, in steps of ${step}°`, 0, TURNS - 1, state.turn, (turn) => { player.stop(); set({ turn }); });
  const named = (names) => Object.keys(names).map((name) => [name, name]);
  const images = Course.choice("Image", named(settings.images), state.image, (image) => set({ image, x: null }));
  const kernels = Course.choice("Kernel", named(settings.kernels), state.kernel, (kernel) => set({ kernel, w: null }));
  const by90 = Course.button("Turn by 90°", () => set({ turn: (state.turn + 90 / step) % TURNS }));
  const player = Course.player(() => set({ turn: (state.turn + 1) % TURNS }),
    { halt: "Stop", every: () => (Course.calm.matches ? 2000 : 500) });
  const input = screen("the image"), plain = screen("one kernel"), pooled = screen("largest");
  const places = [0, 1, 2, 3].map((i) => screen(`kernel at ${90 * i}°`));
  const curves = svg("svg", { role: "img", style: "max-width: 34rem; margin-inline: auto" });
  const says = element("p", { class: "says", "aria-live": "polite" });
  const row = (columns, width, screens) => element("div",
    { style: `display: grid; grid-template-columns: repeat(${columns}, minmax(0, 1fr)); gap: 0.5rem; margin-top: 0.6rem; max-width: ${width}` },
    ...screens.map(({ node }) => node));
  root.append(
    element("div", { class: "controls" }, slider.node, by90, player.node, images.node, kernels.node),
    row(3, "24rem", [input, plain, pooled]), row(4, "32rem", places), curves, says);

  function screen(text) {
    const canvas = element("canvas", { role: "img", style: "display: block; width: 100%; image-rendering: pixelated; " +
      "border: 1px solid var(--pst-color-border)" });
    const note = element("div", { style: "font-size: 0.8rem; min-height: 2.4em" });
    return { canvas, note, node: element("div", {}, element("div", { style: "font-size: 0.8rem; font-weight: bold" }, text), canvas, note) };
  }

  function set(next) {
    Object.assign(state, next);
    slider.set(state.turn);
    images.input.value = state.image;
    kernels.input.value = state.kernel;
    if (["image", "x", "kernel", "w"].some((key) => key in next)) measureAll();
    render();
  }

  // --- what is drawn

  function rgb(role) {
    const colour = getComputedStyle(document.documentElement).getPropertyValue(`--course-${role}`).trim();
    return (colour || Course.COLOURS[role]).match(/[0-9a-f]{2}/gi).map((part) => parseInt(part, 16));
  }

  // the larger the value, the less of the page shows through
  function put({ canvas, note }, { side, values }, limit, role, label, text = "") {
    const data = new ImageData(side, side), colour = rgb(role);
    values.forEach((value, i) => data.data.set([...colour, Math.round(255 * Math.min(1, value / limit))], 4 * i));
    [canvas.width, canvas.height] = [side, side];
    canvas.getContext("2d").putImageData(data, 0, 0);
    canvas.setAttribute("aria-label", `${label} ${text}`.trim());
    note.textContent = text;
  }

  const percent = (value) => `${Math.round(100 * value)}\u00a0%`;

  function render() {
    const now = measure(state.turn), x = turned(picture(), state.turn), degrees = state.turn * step;
    put(input, x, 1, "input", `the image, turned by ${degrees}°`, `by ${degrees}°`);
    put(plain, now.got[0], now.limit, "second", "map of one kernel,", `off by ${percent(now.plain)}`);
    put(pooled, now.pooled, now.limit, "output", "the largest of the four maps,", `off by ${percent(now.group)}`);
    now.matches.forEach(({ from, error }, i) => put(places[i], now.got[i], now.limit, "output", `map of the kernel at ${90 * i}°,`,
      `was at ${90 * from}°, off by ${percent(error)}`));
    drawCurves();
    const moved = now.matches.every(({ error }) => error < 0.005);
    says.textContent = `Turned by ${degrees}°, one kernel's map is off by ${percent(now.plain)} from itself, turned. ` + (moved
      ? "Each of the four is one of the upright image's maps, turned: nothing is lost, they have only changed places."
      : "None of the four copies stands as this turn would need it: each map is only like one of the upright image's.");
    root.dataset.state = JSON.stringify({
      ...state, x: [...picture().values], w: weights(), turned: [...x.values], maps: now.got.map(({ values }) => [...values]),
      pooled: [...now.pooled.values], matches: now.matches, errors, says: says.textContent,
    });
  }

  function drawCurves() {
    const most = Math.max(0.1, ...errors.plain, ...errors.group), left = 44, right = 340, bottom = 120, top = 26;
    const across = (turn) => left + (turn * (right - left)) / TURNS, up = (error) => bottom - (error / most) * (bottom - top);
    const text = (x, y, anchor, label) => svg("text", { x, y, "text-anchor": anchor, "font-size": 11, fill: "currentColor" }, label);
    const line = (x1, y1, x2, y2, style, more = {}) => svg("line", { x1, x2, y1, y2, style, ...more });
    const parts = [0, most / 2, most].flatMap((error) => [
      line(left, up(error), right, up(error), `stroke: ${paint("muted")}; opacity: 0.4`), text(left - 5, up(error) + 4, "end", percent(error)),
    ]);
    for (let degrees = 0; degrees <= 360; degrees += 90) parts.push(text(across(degrees / step), bottom + 15, "middle", `${degrees}°`));
    parts.push(text((left + right) / 2, bottom + 30, "middle", "turn of the image"));
    const here = across(state.turn);
    parts.push(line(here, top - 4, here, bottom, "stroke: currentColor", { class: "here" }));
    const LINES = { plain: ["second", "5 3", "one kernel", left], group: ["output", "none", "largest of the four", left + 130] };
    for (const [name, [role, dash, label, x]] of Object.entries(LINES)) {
      const style = `stroke: ${paint(role)}`, closed = [...errors[name], errors[name][0]];
      const points = closed.map((error, turn) => `${across(turn)},${up(error)}`).join(" ");
      parts.push(svg("polyline", { points, fill: "none", "stroke-width": 2, "stroke-dasharray": dash, style }),
        svg("circle", { cx: here, cy: up(errors[name][state.turn]), r: 4.5, style: `fill: ${paint(role)}`, "data-curve": name }),
        line(x, 9, x + 24, 9, style, { "stroke-width": 3, "stroke-dasharray": dash }), text(x + 30, 13, "start", label));
    }
    curves.setAttribute("viewBox", "0 0 360 154");
    curves.setAttribute("aria-label", `Equivariance error against the turn. At ${state.turn * step}°: one kernel ${percent(errors.plain[state.turn])}, ` +
      `largest of the four ${percent(errors.group[state.turn])}.`);
    curves.replaceChildren(...parts);
  }

  new MutationObserver(render).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  root.course = { set };
  set({ image: state.image });
});
