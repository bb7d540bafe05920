/* Choose a unit of a network: the image that it likes best, the digits for which it is most active, and how much less
 * active it is when a square of such a digit is covered. All numbers come from `course_pkg.visualize`; the drops are
 * whole numbers from -127 to 127, in units of `drop`.
 */
"use strict";

Course.register("unit_explorer", (root, settings) => {
  const { element } = Course;
  const { size, window: side, stride, places, units, images, ...start } = settings;
  const state = { ...start };
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const pixels = images.map(bytes);
  const maxima = units.map(({ maximum }) => bytes(maximum));
  const drops = units.map((unit) => unit.drops.map((text) =>
    Array.from(new Int8Array(bytes(text).buffer), (drop) => drop * unit.drop)));
  const layers = [...new Set(units.map(({ layer }) => layer))];
  const first = (layer) => units.findIndex((unit) => unit.layer === layer);
  const many = (layer) => units.filter((unit) => unit.layer === layer).length;

  // --- what is computed

  function covered() {
    const image = [...pixels[units[state.unit].images[state.top]]];
    for (let i = 0; i < side; i++) for (let j = 0; j < side; j++) image[(state.row * stride + i) * size + state.column * stride + j] = 0;
    return image;
  }

  const one = (value) => Course.number(Math.round(100 * value) / 100);
  const at = () => state.row * places + state.column;

  // --- controls

  const layer = Course.choice("Layer", layers.map((name) => [name, `${name}: ${many(name)} units`]), units[state.unit].layer,
    (name) => set({ unit: first(name) }));
  const channel = Course.slider("Unit", 0, 1, 0, (number) => set({ unit: first(units[state.unit].layer) + number }));
  const row = Course.slider("Square, rows down", 0, places - 1, state.row, (to) => { player.stop(); set({ row: to }); });
  const column = Course.slider("Square, columns right", 0, places - 1, state.column, (to) => { player.stop(); set({ column: to }); });
  const player = Course.player(() => {
    const next = (at() + 1) % (places * places);
    set({ row: Math.floor(next / places), column: next % places });
  }, { halt: "Stop", every: () => (Course.calm.matches ? 1500 : 150) });

  const canvas = (label) => element("canvas", { role: "img", "aria-label": label, width: size, height: size,
    style: "display: block; width: 100%; image-rendering: pixelated; border: 1px solid var(--pst-color-border)" });
  const panel = (title, drawn) => {
    const note = element("div", { style: "font-size: 0.8rem; min-height: 1.3em" });
    const node = element("div", {}, element("div", { style: "font-size: 0.8rem; font-weight: bold" }, title), drawn, note);
    return { node, note, drawn };
  };
  const grid = (columns, width, ...nodes) => element("div", { style: "display: grid; gap: 0.6rem; margin-top: 0.6rem; "
    + `grid-template-columns: repeat(${columns}, minmax(0, 1fr)); max-width: ${width}` }, ...nodes);
  const liked = panel("found from noise", canvas(""));
  const seen = panel("a real digit, covered", canvas(""));
  const costs = panel("what covering costs", canvas(""));
  const tops = element("div", { role: "group", "aria-label": "The digits for which the unit is most active" });
  const says = element("p", { class: "says", "aria-live": "polite" });
  root.append(element("div", { class: "controls" }, layer.node, channel.node),
    grid(3, "34rem", liked.node, seen.node, costs.node),
    element("div", { style: "font-size: 0.8rem; font-weight: bold; margin-top: 0.6rem" }, "digits of the test set that it answers to most: choose one"),
    tops, element("div", { class: "controls" }, row.node, column.node, player.node), says);

  function set(next) {
    Object.assign(state, next);
    if ("unit" in next && !("top" in next)) state.top = 0;
    render();
  }

  // --- what is drawn

  function grey(drawn, image) {
    const data = new ImageData(size, size);
    image.forEach((value, i) => data.data.set([value, value, value, 255], 4 * i));
    drawn.getContext("2d").putImageData(data, 0, 0);
  }

  function colour(role) {
    const value = getComputedStyle(document.documentElement).getPropertyValue(`--course-${role}`).trim();
    return value || Course.COLOURS[role];
  }

  const rgb = (role) => colour(role).match(/[0-9a-f]{2}/gi).map((part) => parseInt(part, 16));

  // blue where the unit falls, vermilion where it rises, the page where nothing changes
  function signed(drawn, values) {
    const limit = Math.max(...values.map(Math.abs)) || 1, [falls, rises] = [rgb("input"), rgb("kernel")];
    [drawn.width, drawn.height] = [places, places];
    const data = new ImageData(places, places);
    values.forEach((value, i) => data.data.set([...(value > 0 ? falls : rises), Math.round(255 * Math.abs(value) / limit)], 4 * i));
    drawn.getContext("2d").putImageData(data, 0, 0);
  }

  function render() {
    const unit = units[state.unit], name = `unit ${unit.channel} of ${unit.layer}`;
    const value = unit.values[state.top], map = drops[state.unit][state.top], drop = map[at()], image = covered();
    layer.input.value = unit.layer;
    channel.input.max = many(unit.layer) - 1;
    channel.set(state.unit - first(unit.layer));
    row.set(state.row);
    column.set(state.column);
    grey(liked.drawn, maxima[state.unit]);
    liked.drawn.setAttribute("aria-label", `The image found for ${name}, which gives ${one(unit.maximumValue)} for it.`);
    liked.note.textContent = `gives ${one(unit.maximumValue)}`;
    grey(seen.drawn, image);
    const pen = seen.drawn.getContext("2d");
    pen.strokeStyle = colour("kernel");
    pen.strokeRect(state.column * stride - 0.5, state.row * stride - 0.5, side + 1, side + 1);
    seen.drawn.setAttribute("aria-label", `Digit ${state.top + 1} of those it answers to most, a square of it covered.`);
    seen.note.textContent = `gives ${one(value)}, covered ${one(value - drop)}`;
    signed(costs.drawn, map);
    const mark = costs.drawn.getContext("2d");
    mark.fillStyle = getComputedStyle(root).color;
    mark.fillRect(state.column + 0.3, state.row + 0.3, 0.4, 0.4);
    costs.drawn.setAttribute("aria-label", `How much less ${name} gives, for each place of the square: at most ${one(Math.max(...map))}.`);
    costs.note.textContent = `here ${one(drop)}, at most ${one(Math.max(...map))}`;
    drawTops(unit);
    const effect = Math.abs(drop) < 0.05 * value ? "next to nothing changes" : drop > 0 ? `it falls by ${one(drop)}` : `it rises by ${one(-drop)}`;
    says.textContent = `${name[0].toUpperCase()}${name.slice(1)} gives ${one(unit.maximumValue)} for the image that was found for it and `
      + `${one(value)} for this digit. With the square covered, ${effect}.`;
    root.dataset.state = JSON.stringify({ unit: state.unit, top: state.top, row: state.row, column: state.column,
      layer: unit.layer, channel: unit.channel, value, drop, drops: map, maximum: [...maxima[state.unit]], covered: image,
      says: says.textContent });
  }

  function drawTops(unit) {
    const held = tops.contains(document.activeElement);
    const cells = unit.images.map((index, top) => {
      const drawn = canvas(""), chosen = top === state.top;
      drawn.removeAttribute("role");
      drawn.setAttribute("aria-hidden", "true");
      grey(drawn, pixels[index]);
      const cell = element("div", {}, drawn, element("div", { style: "font-size: 0.8rem; text-align: center" }, one(unit.values[top])));
      Course.choosable(cell, { label: `Digit ${top + 1}, for which it gives ${one(unit.values[top])}`, mark: { "data-top": top },
        chosen, at: [top], size: [unit.images.length], choose: (next) => set({ top: next }) });
      cell.style.cssText += `; outline: ${chosen ? "2px" : "0"} solid ${Course.paint("kernel")}; outline-offset: 2px`;
      return cell;
    });
    tops.replaceChildren(grid(unit.images.length, "22rem", ...cells));
    if (held) tops.querySelector("[aria-pressed=true]").focus();
  }

  new MutationObserver(render).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  root.course = { set };
  render();
});
