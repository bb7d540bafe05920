/* AlexNet layer by layer: the shape of each layer's output, its parameters and multiply-adds, and on the image
 * what one unit of it sees. All numbers are the package's, given by the chapter; here they are only looked up,
 * and the receptive field of unit i begins at pixel first + i · jump.
 */
"use strict";

Course.register("alexnet_explorer", (root, settings) => {
  const { element, svg, paint } = Course;
  const { size, stages } = settings;
  const state = { layer: settings.layer, towers: settings.towers, across: settings.across, down: settings.down };

  // --- what is looked up

  const grouped = (value) => value.toLocaleString("en-US");
  const product = (shape) => shape.reduce((all, n) => all * n, 1);
  const total = (key) => stages.reduce((sum, stage) => sum + stage[key][state.towers - 1], 0);

  // the unit at the chosen place of the map, and what it sees: pixels from left to right and from top to bottom
  function chosen() {
    const stage = stages[state.layer];
    const [, rows, columns] = stage.shape.length === 3 ? stage.shape : [stage.shape[0], 1, 1];
    const row = Math.round((state.down / 100) * (rows - 1));
    const column = Math.round((state.across / 100) * (columns - 1));
    if (stage.field === null) return { stage, rows, columns, row, column, left: 0, top: 0, side: size };
    const [side, jump, first] = stage.field;
    return { stage, rows, columns, row, column, left: first + column * jump, top: first + row * jump, side };
  }

  // --- what is said

  function share(part, whole) {
    if (part === 0) return "none";
    const percent = (100 * part) / whole;
    const text = percent < 1 ? "less than 1" : percent < 10 ? String(Math.round(10 * percent) / 10) : String(Math.round(percent));
    return `${grouped(part)} (${text}\u00a0% of the network's)`;
  }

  function countsText({ stage }) {
    const which = state.towers - 1;
    const shape = stage.shape.join(" × ");
    const units = stage.shape.length > 1 ? ` = ${grouped(product(stage.shape))} numbers` : " numbers";
    return `${stage.name}: ${stage.about}. Output ${shape}${units}. `
      + `Parameters: ${share(stage.parameters[which], total("parameters"))}. `
      + `Multiply-adds: ${share(stage.macs[which], total("macs"))}.`;
  }

  function sightText({ stage, row, column, left, top, side }) {
    if (stage.field === null) return `Every unit of ${stage.name} sees the whole image.`;
    const inside = (start) => Math.min(start + side, size) - Math.max(start, 0);
    const [wide, high] = [inside(left), inside(top)];
    const jump = stage.field[1];
    const past = wide < side || high < side
      ? ` Here it reaches past the image, into padding: ${high} rows and ${wide} columns of it are pixels.` : "";
    return `The unit in row ${row}, column ${column} sees ${side} × ${side} pixels; `
      + `its neighbour sees as many, ${jump} pixels further on.${past}`;
  }

  // --- the layers, as boxes to choose from; one unit is the width of a box

  // lengths grow as the square root of the sizes, so that 55 and 6, 3 and 384 fit into one picture
  function box(stage, x, y, colour, strong) {
    const [depth, high] = stage.shape.length === 3 ? stage.shape : [1, 0];
    const unit = 0.05;
    const back = 0.0165 * Math.sqrt(depth), tall = unit * Math.sqrt(high);
    const alpha = strong ? 0.6 : 0.22;
    const parts = [];
    const face = (points, opacity) => parts.push(svg("polygon", {
      points: points.map(([a, b]) => `${x + a},${y + b}`).join(" "), fill: colour, stroke: colour,
      "fill-opacity": opacity, "stroke-width": strong ? 0.022 : 0.01, "stroke-linejoin": "round",
    }));
    if (stage.shape.length === 1) { // a column of units, as long as the layer is
      const long = 0.0085 * Math.sqrt(stage.shape[0]);
      face([[-0.035, 0], [0.035, 0], [0.035, -long], [-0.035, -long]], alpha);
      return parts;
    }
    const left = -(tall + back) / 2;
    const [l, r, t] = [left, left + tall, -tall];
    face([[l, 0], [r, 0], [r, t], [l, t]], alpha);
    face([[l, t], [r, t], [r + back, t - back], [l + back, t - back]], alpha * 0.6);
    face([[r, 0], [r + back, -back], [r + back, t - back], [r, t]], alpha * 1.4);
    return parts;
  }

  function drawLayers() {
    const inRow = root.clientWidth < 500 ? 4 : 6;
    const rows = Math.ceil(stages.length / inRow);
    const picture = svg("svg", {
      viewBox: `0 0 ${inRow} ${rows * 1.22}`, role: "group", "aria-label": "The layers, in order",
    });
    stages.forEach((stage, i) => {
      const [x, y] = [(i % inRow) + 0.5, Math.floor(i / inRow) * 1.22 + 0.86];
      const strong = i === state.layer;
      const colour = paint(strong ? "kernel" : i === 0 ? "input" : "output");
      const group = svg("g", {}, svg("rect", {
        x: x - 0.48, y: y - 0.84, width: 0.96, height: 1.18, rx: 0.05, fill: "currentColor",
        "fill-opacity": strong ? 0.07 : 0.001,
      }), ...box(stage, x, y, colour, strong));
      const label = (dy, text, size, weight) => group.append(svg("text", {
        x, y: y + dy, "text-anchor": "middle", "font-size": size, "font-weight": weight, fill: "currentColor",
      }, text));
      label(0.16, stage.name, 0.155, strong ? "bold" : "normal");
      label(0.305, stage.shape.join("×"), 0.135, "normal");
      picture.append(Course.choosable(group, {
        label: `${stage.name}, ${stage.shape.join(" by ")}`, mark: { "data-layer": stage.name }, chosen: strong,
        at: [i], size: [stages.length], choose: (layer) => set({ layer }),
      }));
    });
    return picture;
  }

  // --- the image, with a margin for what reaches past it, and the map of the layer beside it

  const photo = element("canvas", { width: size, height: size });
  const pixels = Uint8Array.from(atob(settings.image), (letter) => letter.charCodeAt(0));
  const data = new ImageData(size, size);
  for (let i = 0; i < size * size; i++) data.data.set([...pixels.subarray(3 * i, 3 * i + 3), 255], 4 * i);
  photo.getContext("2d").putImageData(data, 0, 0);
  const source = photo.toDataURL();
  const farthest = stages.reduce((most, { field, shape }) => (field === null ? most
    : Math.max(most, -field[2], field[2] + (shape[1] - 1) * field[1] + field[0] - size)), 0) + 2;

  function press(picture, place) {
    picture.addEventListener("click", (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(picture.getScreenCTM().inverse());
      set(place(at.x, at.y));
    });
  }
  const percent = (value) => Math.round(100 * Math.min(1, Math.max(0, value)));

  function drawImage({ stage, left, top, side }) {
    const picture = svg("svg", {
      viewBox: `${-farthest} ${-farthest} ${size + 2 * farthest} ${size + 2 * farthest}`, role: "img",
      "aria-label": `The image, ${size} by ${size} pixels; a unit of ${stage.name} sees `
        + (stage.field === null ? "all of it" : `${side} by ${side} pixels, from row ${top}, column ${left}`),
      style: "cursor: crosshair",
    });
    picture.append(
      svg("rect", { x: -farthest, y: -farthest, width: size + 2 * farthest, height: size + 2 * farthest,
        fill: "none", stroke: paint("muted"), "stroke-dasharray": "4 4", "stroke-width": 1 }),
      svg("image", { href: source, width: size, height: size, opacity: 0.45 }),
      svg("svg", { x: left, y: top, width: side, height: side, viewBox: `${left} ${top} ${side} ${side}`,
        style: "margin: 0" }, svg("image", { href: source, width: size, height: size })));
    for (const [width, colour] of [[5, "white"], [2.5, paint("kernel")]]) {
      picture.append(svg("rect", { x: left, y: top, width: side, height: side, fill: "none", stroke: colour,
        "stroke-width": width, class: "field" }));
    }
    press(picture, (x, y) => ({ across: percent(x / size), down: percent(y / size) }));
    return picture;
  }

  function drawMap({ stage, rows, columns, row, column }) {
    const picture = svg("svg", {
      viewBox: `-0.5 -0.5 ${columns + 1} ${rows + 1}`, role: "img", style: "cursor: crosshair",
      "aria-label": `A map of ${stage.name}, ${rows} by ${columns} units; chosen: row ${row}, column ${column}`,
    });
    const thin = rows / 400;
    const lines = [];
    for (let i = 0; i <= rows; i++) lines.push(`M0 ${i}H${columns}M${i} 0V${rows}`);
    picture.append(
      svg("rect", { x: 0, y: 0, width: columns, height: rows, fill: paint("output"), "fill-opacity": 0.16 }),
      svg("path", { d: lines.join(""), stroke: paint("output"), "stroke-width": thin, fill: "none" }),
      svg("rect", { x: column, y: row, width: 1, height: 1, fill: paint("kernel"), stroke: paint("kernel"),
        "stroke-width": 3 * thin }));
    press(picture, (x, y) => ({
      across: percent((Math.floor(x)) / Math.max(1, columns - 1)), down: percent(Math.floor(y) / Math.max(1, rows - 1)),
    }));
    return picture;
  }

  // --- controls

  function set(next) {
    Object.assign(state, next);
    render();
  }

  const step = (by) => set({ layer: (state.layer + by + stages.length) % stages.length });
  const towers = Course.choice("Network", [["1", "one tower"], ["2", "two towers, as published"]], state.towers,
    (value) => set({ towers: Number(value) }));
  const sliders = Course.sliders(state, set, {
    across: ["Unit, left to right, %", 0, 100], down: ["Unit, top to bottom, %", 0, 100],
  });
  const layers = element("div", { style: "max-width: 36rem; margin-inline: auto" });
  const screen = (text, role) => {
    const node = element("div", { style: "flex: 1 1 0; min-width: 0" });
    const label = element("div", { style: `font-size: 0.85rem; color: ${paint(role)}` }, text);
    return { node, show: (picture, title = text) => {
      label.textContent = title;
      node.replaceChildren(label, picture);
    } };
  };
  const image = screen("what the unit sees of the image", "input");
  const map = screen("", "output");
  image.node.style.flexGrow = 2;
  const counts = element("p", { class: "says counts", "aria-live": "polite" });
  const sight = element("p", { class: "says sight", "aria-live": "polite" });

  function render() {
    const now = chosen();
    towers.input.value = state.towers;
    sliders.follow(state);
    layers.replaceChildren(drawLayers());
    image.show(drawImage(now));
    map.show(drawMap(now), now.stage.shape.length === 3 ? `one of the ${now.stage.shape[0]} maps of ${now.stage.name}`
      : `one of the ${grouped(now.stage.shape[0])} units of ${now.stage.name}`);
    counts.textContent = countsText(now);
    sight.textContent = sightText(now);
    root.dataset.state = JSON.stringify({
      ...state, name: now.stage.name, shape: now.stage.shape, unit: [now.row, now.column],
      parameters: now.stage.parameters[state.towers - 1], macs: now.stage.macs[state.towers - 1],
      field: [now.top, now.left, now.side], counts: counts.textContent, sight: sight.textContent,
    });
  }

  root.append(
    element("div", { class: "controls" }, towers.node, Course.button("Previous layer", () => step(-1)),
      Course.button("Next layer", () => step(1)), ...Course.play(() => step(1))),
    layers, counts,
    element("div", { class: "controls" }, ...sliders.nodes),
    element("div", { style: "display: flex; gap: 1rem; max-width: 36rem; margin: 0.5rem auto 0" }, image.node, map.node),
    sight);

  root.course = { set };
  render();
});
