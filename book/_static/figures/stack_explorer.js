/* Two stacks of convolution layers side by side, stride 1: what one output sees, how many weights and
 * multiply-adds each stack has. Walk down from the output to see its view grow, layer by layer.
 */
"use strict";

Course.register("stack_explorer", (root, settings) => {
  const { element, svg, paint } = Course;
  const KERNELS = [1, 3, 5, 7, 9, 11];
  const CHANNELS = [16, 64, 128, 256, 512];
  const SIDES = [7, 14, 28, 56, 112, 224];
  const GAP = 1.7; // from one row of units to the next, in widths of a unit
  const state = { ...settings };

  // --- what is computed

  function stack(layers, kernel) {
    const { channels, side } = state;
    const weights = layers * channels * channels * kernel * kernel;
    const rows = Array.from({ length: layers + 1 }, (_, down) => down * (kernel - 1) + 1); // widths, from the output
    return { layers, kernel, rows, sees: rows[layers], weights, macs: weights * side * side };
  }

  const both = () => [stack(state.layersA, state.kernelA), stack(state.layersB, state.kernelB)];

  // --- what is said

  const grouped = (value) => value.toLocaleString("en-US");
  const square = (size) => `${size}×${size}`;

  function stackText(name, { layers, kernel, sees, weights, macs }) {
    const { channels, side } = state;
    const what = layers === 1 ? `1 layer of ${square(kernel)}` : `${layers} layers of ${square(kernel)}`;
    return `${name}: ${what} ${layers === 1 ? "sees" : "see"} ${square(sees)}. `
      + `${layers}·${channels}·${channels}·${kernel}² = ${grouped(weights)} weights; `
      + `on ${square(side)} places ${grouped(macs)} multiply-adds; ${layers} ReLU${layers === 1 ? "" : "s"}.`;
  }

  function comparisonText([left, right]) {
    const view = left.sees === right.sees ? "Both see the same" : `The ${left.sees > right.sees ? "left" : "right"} one sees more`;
    const ratio = right.weights / left.weights;
    const cost = ratio === 1 ? "They cost the same."
      : `The right one costs ${Number(ratio.toPrecision(3))} times as much as the left one.`;
    return `${view}. ${cost}`;
  }

  function walkText(stacks) {
    const seen = stacks.map(({ layers, rows }) => square(rows[Math.min(state.row, layers)]));
    if (state.row === 0) return "One output of each. Walk down to see what it is made of.";
    return `${state.row} layer${state.row === 1 ? "" : "s"} down: ${seen[0]} units on the left, ${seen[1]} on the right.`;
  }

  // --- what is drawn; one unit is the distance of two neighbours

  function draw(name, { layers, kernel, rows, sees }, widest, tallest) {
    const picture = svg("svg", {
      viewBox: `${-widest / 2 - 0.5} -0.7 ${widest + 1} ${tallest * GAP + 1.4}`, role: "img",
      "aria-label": `${name}: cross-section of ${layers} layers with kernel ${kernel}; the output sees ${sees} inputs across`,
    });
    rows.forEach((width, down) => {
      const lit = down <= state.row;
      const colour = paint(down === 0 ? "output" : down === layers ? "input" : "second");
      for (let i = 0; i < width; i++) {
        picture.append(svg("rect", {
          x: i - width / 2 + 0.06, y: down * GAP - 0.44, width: 0.88, height: 0.88, rx: 0.08,
          fill: colour, "fill-opacity": lit ? 0.6 : 0.08, stroke: colour, "stroke-width": 0.04, "data-down": down,
        }));
      }
      if (down === layers) return;
      for (const end of [-1, 1]) {
        picture.append(svg("line", {
          x1: (end * width) / 2, y1: down * GAP + 0.5, x2: (end * rows[down + 1]) / 2, y2: (down + 1) * GAP - 0.5,
          stroke: paint(down < state.row ? "kernel" : "muted"), "stroke-width": 0.1,
        }));
      }
    });
    return picture;
  }

  // --- controls

  function set(next) {
    Object.assign(state, next);
    render();
  }

  const deepest = () => Math.max(state.layersA, state.layersB);
  const step = (by) => set({ row: (state.row + by + deepest() + 1) % (deepest() + 1) });
  const number = (key) => (value) => set({ [key]: Number(value) });
  const kernelChoice = (label, key) =>
    Course.choice(label, KERNELS.map((k) => [k, square(k)]), state[key], number(key));

  const sliders = Course.sliders(state, set, { layersA: ["Layers, left", 1, 6], layersB: ["Layers, right", 1, 6] });
  const choices = {
    kernelA: kernelChoice("Kernel, left", "kernelA"),
    kernelB: kernelChoice("Kernel, right", "kernelB"),
    channels: Course.choice("Channels", CHANNELS.map((c) => [c, String(c)]), state.channels, number("channels")),
    side: Course.choice("Map", SIDES.map((s) => [s, square(s)]), state.side, number("side")),
  };
  const [layersA, layersB] = sliders.nodes;
  const drawing = element("div", { style: "display: flex; gap: 1rem; max-width: 44rem; margin-inline: auto" });
  const texts = ["left", "right", "comparison", "walk"].map((name) =>
    element("p", { class: `says ${name}`, "aria-live": "polite", style: "min-height: 1.5em" }));

  function render() {
    state.row = Math.min(state.row, deepest());
    sliders.follow(state);
    for (const [key, choice] of Object.entries(choices)) choice.input.value = state[key];
    const stacks = both();
    const widest = Math.max(...stacks.map(({ sees }) => sees));
    drawing.replaceChildren(...stacks.map((one, i) =>
      element("div", { style: "flex: 1; min-width: 0" }, draw(["Left", "Right"][i], one, widest, deepest()))));
    const said = [stackText("Left", stacks[0]), stackText("Right", stacks[1]), comparisonText(stacks), walkText(stacks)];
    texts.forEach((text, i) => { text.textContent = said[i]; });
    root.dataset.state = JSON.stringify({ ...state, stacks, said });
  }

  root.append(
    element("div", { class: "controls" }, layersA, choices.kernelA.node, layersB, choices.kernelB.node,
      choices.channels.node, choices.side.node,
      Course.button("One layer up", () => step(-1)), Course.button("One layer down", () => step(1)),
      ...Course.play(() => step(1))),
    drawing, ...texts);

  root.course = { set };
  render();
});
