/* Non-maximum suppression on boxes that a network predicted: move the two thresholds, see which boxes are left.
 * Computes what `course_pkg.detection.batched_nms` does, or `nms` where classes do not matter.
 */
"use strict";

Course.register("nms_explorer", (root, settings) => {
  const { element, svg, paint } = Course;
  const { width, height, scenes, classes } = settings;
  const state = { scene: 0, score: settings.score, iou: settings.iou, across: false };

  // --- what is computed

  const area = ([x0, y0, x1, y1]) => (x1 - x0) * (y1 - y0);

  function iou(a, b) {
    const wide = Math.max(Math.min(a[2], b[2]) - Math.max(a[0], b[0]), 0);
    const high = Math.max(Math.min(a[3], b[3]) - Math.max(a[1], b[1]), 0);
    const union = area(a) + area(b) - wide * high;
    return union > 0 ? (wide * high) / union : 0;
  }

  // the best box is kept, those that overlap it too much are struck out, and so on with the rest
  function suppress({ boxes, scores, labels }) {
    const kept = [], struck = [];
    const order = scores.map((_, i) => i).filter((i) => scores[i] > state.score / 100);
    order.sort((i, j) => scores[j] - scores[i]); // equal scores stay in their order
    for (const i of order) {
      const by = kept.find((k) => (state.across || labels[k] === labels[i]) && iou(boxes[k], boxes[i]) > state.iou / 100);
      if (by === undefined) kept.push(i);
      else struck.push([i, by]);
    }
    return { kept, struck };
  }

  // --- controls

  const play = Course.play(() => set({ iou: state.iou >= 100 ? 0 : state.iou + 5 }));
  const sliders = {
    score: Course.slider("Score above, in percent", 0, 100, state.score, (score) => set({ score })),
    iou: Course.slider("IoU limit, in percent", 0, 100, state.iou, (limit) => set({ iou: limit })),
  };
  const which = Course.choice("Picture", scenes.map(({ name }, i) => [i, name]), 0, (i) => set({ scene: Number(i) }));
  const within = Course.choice("A box strikes out", [["class", "boxes of its class"], ["all", "boxes of any class"]], "class",
    (value) => set({ across: value === "all" }));

  const picture = svg("svg", { viewBox: `-1 -7 ${width + 2} ${height + 8}`, role: "img" });
  picture.style.cssText = "max-width: 26rem; margin-inline: auto";
  const says = element("p", { class: "says", "aria-live": "polite" });
  root.append(
    element("div", { class: "controls" }, which.node, sliders.score.node, sliders.iou.node, within.node, ...play),
    picture, says);

  // --- what is drawn

  const rectangle = ([x0, y0, x1, y1], style) =>
    svg("rect", { x: x0, y: y0, width: x1 - x0, height: y1 - y0, fill: "none", ...style });

  function label(text, [x0, y0]) {
    return svg("text", { x: Math.max(x0, 0), y: y0 - 1.6, "font-size": 6, "font-weight": "bold", fill: "#111", stroke: "white",
      "stroke-width": 1.8, "paint-order": "stroke" }, text);
  }

  const named = ({ labels, scores }, i) => `${classes[labels[i]]} ${scores[i].toFixed(2)}`;

  function set(next) {
    Object.assign(state, next);
    const scene = scenes[state.scene];
    const { kept, struck } = suppress(scene);
    sliders.score.set(state.score);
    sliders.iou.set(state.iou);
    which.input.value = state.scene;
    within.input.value = state.across ? "all" : "class";
    picture.replaceChildren(
      svg("image", { href: scene.image, width, height, style: "image-rendering: pixelated" }),
      ...struck.flatMap(([i]) => [
        rectangle(scene.boxes[i], { stroke: "white", "stroke-width": 0.9, "stroke-opacity": 0.6 }),
        rectangle(scene.boxes[i], { stroke: "#444", "stroke-width": 0.5, "stroke-dasharray": "2 1.5", "data-struck": i }),
      ]),
      ...kept.slice().reverse().flatMap((i) => [
        rectangle(scene.boxes[i], { stroke: "white", "stroke-width": 2.4, "stroke-opacity": 0.8 }),
        rectangle(scene.boxes[i], { stroke: paint("output"), "stroke-width": 1.4, "data-kept": i }),
      ]),
      ...kept.slice().reverse().map((i) => label(named(scene, i), scene.boxes[i])));
    const best = kept.slice(0, 6).map((i) => named(scene, i));
    const more = kept.length > best.length ? ` and ${kept.length - best.length} more` : "";
    says.textContent = `Of ${scene.scores.length} boxes ${kept.length + struck.length} score above ${(state.score / 100).toFixed(2)}. ` +
      `${kept.length} kept, ${struck.length} struck out.${kept.length ? ` Kept: ${best.join(", ")}${more}.` : ""}`;
    picture.setAttribute("aria-label", says.textContent);
    root.dataset.state = JSON.stringify({ ...state, kept, struck, says: says.textContent });
  }

  root.course = { set };
  set({});
});
