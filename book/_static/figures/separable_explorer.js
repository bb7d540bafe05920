/* A convolution layer in groups, alone or followed by a 1×1 layer: which channels an output hears, how many
 * weights and multiply-adds the layer has, and how many the full layer would have.
 */
"use strict";

Course.register("separable_explorer", (root, settings) => {
  const { element, svg, paint } = Course;
  const CHANNELS = [2, 4, 6, 8, 12];
  const state = { ...settings };

  // --- what is computed

  const range = (count) => Array.from({ length: count }, (_, i) => i);
  const divisors = (count) => range(count).map((i) => i + 1).filter((g) => count % g === 0);

  // [output][input] is 1 where the two are linked
  function linked(channels, groups) {
    const size = channels / groups;
    const group = (channel) => Math.floor(channel / size);
    return range(channels).map((o) => range(channels).map((c) => (group(o) === group(c) ? 1 : 0)));
  }

  function layer() {
    const { channels, groups, kernel, side, pointwise, output } = state;
    const steps = [linked(channels, groups)];
    if (pointwise) steps.push(linked(channels, 1));
    const taps = kernel * kernel;
    const first = channels * (channels / groups) * taps;
    const weights = first + (pointwise ? channels * channels : 0);
    const full = channels * channels * taps;
    // which channels the chosen output hears, step by step, from the last
    let heard = [output];
    const paths = [...steps].reverse().map((step) => {
      const pairs = heard.flatMap((o) => range(channels).filter((c) => step[o][c]).map((c) => [o, c]));
      heard = [...new Set(pairs.map(([, c]) => c))].sort((a, b) => a - b);
      return pairs;
    }).reverse();
    return {
      steps, paths, heard, first, weights, macs: weights * side * side, full, fullMacs: full * side * side,
    };
  }

  // --- what is said

  const grouped = (value) => value.toLocaleString("en-US");

  function kind() {
    const { channels, groups, pointwise } = state;
    const name = groups === 1 ? "A full layer" : groups === channels ? "A depthwise layer" : `A layer in ${groups} groups`;
    if (!pointwise) return name;
    return groups === channels ? "A depthwise separable layer" : `${name}, then 1×1`;
  }

  function countText({ weights, macs, full, fullMacs }) {
    const { channels, groups, kernel, side, pointwise } = state;
    const step = `${channels}·${channels / groups}·${kernel}²`;
    const sum = pointwise ? `${step} + ${channels}·${channels}` : step;
    const times = Math.round((full / weights) * 100) / 100;
    return `${kind()}: ${sum} = ${grouped(weights)} weights, and on ${side}×${side} places ${grouped(macs)} multiply-adds. `
      + `The full layer: ${channels}·${channels}·${kernel}² = ${grouped(full)} and ${grouped(fullMacs)}, `
      + `${times} times as many.`;
  }

  function heardText({ heard }) {
    const { output, channels } = state;
    const who = heard.length === channels ? "all channels" : heard.length === 1 ? `channel ${heard[0]} alone`
      : `channels ${heard.join(", ")}`;
    return `Output ${output} hears ${who}.`;
  }

  // --- what is drawn; one unit is the distance of two channels

  function draw({ steps, paths }) {
    const { channels, output } = state;
    const deep = 2.2;
    const picture = svg("svg", {
      viewBox: `-3.2 -0.7 ${Math.max(channels, 8) + 3} ${steps.length * deep + 1.4}`, role: "group",
      "aria-label": "Channels in, channels out, and the links between them",
    });
    const row = (i) => i * deep;
    const lines = (pairs, i, colour, width) => pairs.forEach(([o, c]) => picture.append(svg("line", {
      x1: c, y1: row(i), x2: o, y2: row(i + 1), stroke: colour, "stroke-width": width,
    })));
    const all = (step) => step.flatMap((inputs, o) => inputs.flatMap((link, c) => (link ? [[o, c]] : [])));
    steps.forEach((step, i) => lines(all(step), i, paint("muted"), 0.03));
    paths.forEach((pairs, i) => lines(pairs, i, paint("kernel"), 0.09));
    range(steps.length + 1).forEach((i) => {
      const last = i === steps.length;
      const colour = paint(i === 0 ? "input" : last ? "output" : "second");
      const name = i === 0 ? "in" : last ? "out" : "between";
      picture.append(svg("text", { x: -0.7, y: row(i) + 0.16, "font-size": 0.5, fill: colour, "text-anchor": "end" }, name));
      range(channels).forEach((channel) => picture.append(
        last ? button(channel, row(i)) : svg("circle", { cx: channel, cy: row(i), r: 0.27, fill: colour })));
    });
    return picture;

    function button(channel, y) {
      const chosen = channel === output;
      const group = svg("g", {}, svg("circle", { cx: channel, cy: y, r: 0.5, fill: "transparent" }), svg("circle", {
        cx: channel, cy: y, r: chosen ? 0.38 : 0.27, fill: paint("output"),
        stroke: chosen ? paint("kernel") : "none", "stroke-width": 0.12,
      }));
      return Course.choosable(group, {
        label: `output channel ${channel}`, mark: { "data-output": channel }, chosen, at: [channel], size: [channels],
        choose: (next) => set({ output: next }),
      });
    }
  }

  // --- controls

  function set(next) {
    Object.assign(state, next);
    render();
  }

  const step = (by) => set({ output: (state.output + by + state.channels) % state.channels });

  function offerGroups() {
    const options = divisors(state.channels).map((g) => element("option", { value: g }, groupName(g)));
    groups.input.replaceChildren(...options);
    groups.input.value = state.groups;
  }

  function groupName(g) {
    if (g === 1) return "1: full";
    return g === state.channels ? `${g}: depthwise` : String(g);
  }

  const channels = Course.choice("Channels C", CHANNELS.map((c) => [c, String(c)]), state.channels,
    (value) => set({ channels: Number(value) }));
  const groups = Course.choice("Groups G", [], state.groups, (value) => set({ groups: Number(value) }));
  const then = Course.choice("Then", [["yes", "a 1×1 layer"], ["no", "nothing"]], "yes",
    (value) => set({ pointwise: value === "yes" }));
  const sliders = Course.sliders(state, set, { kernel: ["Kernel size K", 1, 7], side: ["Map side", 4, 64] });
  const [kernel, side] = sliders.nodes;
  const drawing = element("div", { style: "max-width: 36rem" });
  const counts = element("p", { class: "says counts", "aria-live": "polite" });
  const hears = element("p", { class: "says hears", "aria-live": "polite" });

  function render() {
    if (state.channels % state.groups) state.groups = 1;
    state.output = Math.min(state.output, state.channels - 1);
    offerGroups();
    channels.input.value = state.channels;
    then.input.value = state.pointwise ? "yes" : "no";
    sliders.follow(state);
    const result = layer();
    drawing.replaceChildren(draw(result));
    counts.textContent = countText(result);
    hears.textContent = heardText(result);
    root.dataset.state = JSON.stringify({
      ...state, ...result, counts: counts.textContent, hears: hears.textContent,
    });
  }

  root.append(
    element("div", { class: "controls" }, channels.node, groups.node, kernel, then.node, side,
      ...Course.walk(step)),
    drawing, counts, hears);

  root.course = { set };
  render();
});
