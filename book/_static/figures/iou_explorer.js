/* Two boxes over a picture: drag them, pull their corners, or use the keys; see what they share and their IoU.
 * A box is [x0, y0, x1, y1] in whole pixels, as in `course_pkg.detection.box_iou`.
 */
"use strict";

Course.register("iou_explorer", (root, settings) => {
  const { element, svg, number, paint } = Course;
  const { width, height } = settings;
  const LEAST = 4; // pixels a side
  const ROLES = { A: "input", B: "kernel" };
  const state = { boxes: structuredClone(settings.boxes), selected: "B", pixels: false };

  // --- what is computed

  const side = (low, high) => Math.max(high - low + (state.pixels ? 1 : 0), 0);
  const area = ([x0, y0, x1, y1]) => side(x0, x1) * side(y0, y1);

  function shared(a, b) {
    const box = [Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])];
    return { box, area: area(box), wide: side(box[0], box[2]), high: side(box[1], box[3]) };
  }

  const clamp = (value, low, high) => Math.min(Math.max(Math.round(value), low), high);

  // the box with its corner at x, y, moved back inside the picture
  function moved(box, x, y) {
    const [w, h] = [box[2] - box[0], box[3] - box[1]];
    const [left, top] = [clamp(x, 0, width - w), clamp(y, 0, height - h)];
    return [left, top, left + w, top + h];
  }

  const resized = ([x0, y0], w, h) =>
    [x0, y0, x0 + clamp(w, LEAST, width - x0), y0 + clamp(h, LEAST, height - y0)];

  // --- controls

  const change = (box) => set({ boxes: { ...state.boxes, [state.selected]: box } });
  const mine = () => state.boxes[state.selected];
  const byHand = (next) => (value) => change(next(mine(), value));
  const sliders = {
    x: Course.slider("Left edge", 0, width - LEAST, 0, byHand((box, x) => moved(box, x, box[1]))),
    y: Course.slider("Top edge", 0, height - LEAST, 0, byHand((box, y) => moved(box, box[0], y))),
    w: Course.slider("Width", LEAST, width, LEAST, byHand((box, w) => resized(box, w, box[3] - box[1]))),
    h: Course.slider("Height", LEAST, height, LEAST, byHand((box, h) => resized(box, box[2] - box[0], h))),
  };
  const which = Course.choice("Sliders move", [["A", "box A"], ["B", "box B"]], state.selected,
    (selected) => set({ selected }));
  const border = Course.choice("Edges are", [["lines", "lines"], ["pixels", "pixels, both inside (VOC)"]], "lines",
    (value) => set({ pixels: value === "pixels" }));
  const play = Course.play(() => {
    const [x0, y0, x1] = state.boxes.B;
    set({ selected: "B", boxes: { ...state.boxes, B: moved(state.boxes.B, x1 >= width ? 0 : x0 + 4, y0) } });
  });

  // --- what is drawn; the parts stay, so that the keyboard stays where it is

  const picture = svg("svg", { viewBox: `-1 -1 ${width + 2} ${height + 2}`, role: "group",
    "aria-label": "Two boxes over a picture; arrow keys move the one that has the focus" });
  picture.style.cssText = "max-width: 26rem; margin-inline: auto; touch-action: none; overflow: visible";
  const common = svg("rect", { fill: paint("output"), "fill-opacity": 0.45, "pointer-events": "none", class: "shared" });
  picture.append(svg("image", { href: settings.image, width, height, style: "image-rendering: pixelated" }), common);
  const parts = Object.fromEntries(Object.entries(ROLES).map(([name, role]) => [name, drawnBox(name, paint(role))]));
  picture.append(...Object.values(parts).map(({ node }) => node));
  const says = element("p", { class: "says", "aria-live": "polite" });
  root.append(
    element("div", { class: "controls" }, which.node, ...Object.values(sliders).map(({ node }) => node), border.node, ...play),
    picture, says);

  function drawnBox(name, colour) {
    const casing = svg("rect", { fill: "transparent", stroke: "white", "stroke-opacity": 0.8, "stroke-width": 2.2 });
    const line = svg("rect", { fill: "none", stroke: colour, "stroke-width": 1.3 });
    const corner = svg("rect", { width: 5, height: 5, fill: colour, stroke: "white", "stroke-width": 0.6,
      style: "cursor: nwse-resize", "data-corner": name });
    const label = svg("text", { "font-size": 7, "font-weight": "bold", fill: colour, stroke: "white", "stroke-width": 1.6,
      "paint-order": "stroke", "pointer-events": "none" }, name);
    const node = svg("g", { role: "button", tabindex: 0, "data-box": name, style: "cursor: move; outline-offset: 2px" },
      casing, line, label, corner);
    node.addEventListener("keydown", (event) => keyed(name, event));
    node.addEventListener("click", () => set({ selected: name }));
    dragged(node, name, corner);
    return { node, casing, line, corner, label };
  }

  function keyed(name, event) {
    const step = Course.KEYS[event.key];
    if (!step) return;
    event.preventDefault();
    const [x0, y0] = state.boxes[name];
    set({ selected: name, boxes: { ...state.boxes, [name]: moved(state.boxes[name], x0 + step[1], y0 + step[0]) } });
  }

  function dragged(node, name, corner) {
    let grip = null; // where in the box it was taken, and whether by its corner
    const at = ({ clientX, clientY }) => new DOMPoint(clientX, clientY).matrixTransform(picture.getScreenCTM().inverse());
    node.addEventListener("pointerdown", (event) => {
      const { x, y } = at(event), [x0, y0, x1, y1] = state.boxes[name];
      const byCorner = event.target === corner;
      grip = byCorner ? { byCorner, x: x - x1, y: y - y1 } : { byCorner, x: x - x0, y: y - y0 };
      node.setPointerCapture(event.pointerId);
      set({ selected: name });
    });
    node.addEventListener("pointermove", (event) => {
      if (!grip) return;
      const { x, y } = at(event), box = state.boxes[name];
      change(grip.byCorner ? resized(box, x - grip.x - box[0], y - grip.y - box[1]) : moved(box, x - grip.x, y - grip.y));
    });
    for (const end of ["pointerup", "pointercancel"]) node.addEventListener(end, () => { grip = null; });
  }

  function put(rect, [x0, y0, x1, y1]) {
    Course.fill(rect, { x: x0, y: y0, width: Math.max(x1 - x0, 0), height: Math.max(y1 - y0, 0) }, []);
  }

  function set(next) {
    Object.assign(state, next);
    const { A, B } = state.boxes;
    const both = shared(A, B), union = area(A) + area(B) - both.area, iou = both.area / union;
    for (const [name, { node, casing, line, corner, label }] of Object.entries(parts)) {
      const box = state.boxes[name];
      put(casing, box);
      put(line, box);
      Course.fill(corner, { x: box[2] - 2.5, y: box[3] - 2.5 }, []);
      Course.fill(label, { x: box[0] + 2, y: box[1] + 7.5 }, []);
      Course.fill(node, { "aria-pressed": name === state.selected, "aria-label":
        `Box ${name}: left ${box[0]}, top ${box[1]}, right ${box[2]}, bottom ${box[3]}` }, []);
    }
    put(common, both.area > 0 ? both.box : [0, 0, 0, 0]);
    const [x0, y0, x1, y1] = mine();
    Object.entries({ x: x0, y: y0, w: x1 - x0, h: y1 - y0 }).forEach(([key, value]) => sliders[key].set(value));
    which.input.value = state.selected;
    border.input.value = state.pixels ? "pixels" : "lines";
    says.textContent = `A has area ${area(A)}, B ${area(B)}. They share ${both.area > 0 ? `${both.wide} × ${both.high} = ` : ""}${
      both.area}. IoU = ${both.area} ÷ (${area(A)} + ${area(B)} − ${both.area}) = ${number(iou)}`;
    root.dataset.state = JSON.stringify({ ...state, shared: both.area, union, iou, says: says.textContent });
  }

  root.course = { set };
  set({});
});
