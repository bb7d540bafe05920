/* A photograph, the truth, how probable an object is, and what a threshold makes of that: the decision, and how good
 * it is for each class. A pixel is an object where the probability reaches the threshold; then it is of its most
 * probable class but for the background.
 */
"use strict";

Course.register("mask_explorer", (root, settings) => {
  const { element, svg, paint } = Course;
  const { pictures, names, colours, ...start } = settings;
  const state = { ...start };
  const VOID = "-";
  const GAP = 0.12; // between two drawings, in shares of a side
  const ROOM = 0.13; // above each, for its title

  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const classes = (text) => Array.from(text, (letter) => (letter === VOID ? -1 : parseInt(letter, 36)));
  const decoded = Object.fromEntries(Object.entries(pictures).map(([name, picture]) => [name, {
    ...picture, pixels: bytes(picture.pixels), object: bytes(picture.object),
    likely: classes(picture.likely), truth: classes(picture.truth),
  }]));
  const { height, width } = pictures[state.picture];

  // --- what is computed

  function decide() {
    const { truth, object, likely } = decoded[state.picture];
    const decided = likely.map((c, i) => (object[i] >= state.threshold ? c : 0));
    const counts = names.map(() => ({ both: 0, either: 0 }));
    let right = 0;
    let all = 0;
    decided.forEach((c, i) => {
      if (truth[i] < 0) return;
      all += 1;
      counts[c].either += 1;
      if (c === truth[i]) {
        right += 1;
        counts[c].both += 1;
      } else {
        counts[truth[i]].either += 1;
      }
    });
    const scores = counts.flatMap(({ both, either }, c) => (either ? [{ c, both, either, iou: both / either }] : []));
    const mean = scores.reduce((sum, score) => sum + score.iou, 0) / scores.length;
    return { decided, scores, accuracy: right / all, mean };
  }

  const percent = (share) => `${(100 * share).toFixed(1)} %`;

  function overallText({ accuracy, mean, scores }) {
    return `Threshold ${state.threshold} %: pixel accuracy ${percent(accuracy)}, `
      + `mean IoU of ${scores.length} classes ${percent(mean)}.`;
  }

  function pixelText({ decided }) {
    const { truth, object, likely } = decoded[state.picture];
    const i = state.row * width + state.column;
    const is = truth[i] < 0 ? "does not count" : `is ${names[truth[i]]}`;
    return `Row ${state.row}, column ${state.column}: an object with ${object[i]} %, if so most likely `
      + `${names[likely[i]]}. Decided: ${names[decided[i]]}. In truth it ${is}.`;
  }

  // --- what is drawn

  const rgb = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  const ofClass = (c) => {
    if (c < 0) return [0, 0, 0, 0];
    return c === 0 ? [127, 133, 144, 56] : [...rgb(colours[(c - 1) % colours.length]), 255];
  };

  // a picture of coloured pixels, as the address of an image
  function raster(colour) {
    const canvas = element("canvas", { width, height });
    const data = new ImageData(width, height);
    for (let i = 0; i < width * height; i += 1) data.data.set(colour(i), 4 * i);
    canvas.getContext("2d").putImageData(data, 0, 0);
    return canvas.toDataURL();
  }

  function draw({ decided }) {
    const { pixels, object, truth } = decoded[state.picture];
    const tall = height / width;
    const down = tall + ROOM + 0.05;
    const picture = svg("svg", {
      viewBox: `0 0 ${2 + GAP} ${2 * down}`, role: "group",
      "aria-label": "The photograph, the truth, the probability of an object, the decision",
    });
    picture.style.cssText = "max-width: 30rem; margin-inline: auto";
    const parts = [
      ["photograph", (i) => [...pixels.slice(3 * i, 3 * i + 3), 255]],
      ["truth", (i) => ofClass(truth[i])],
      ["probability of an object", (i) => [0, 137, 107, Math.round(2.55 * object[i])]],
      [`at least ${state.threshold} %: decision`, (i) => ofClass(decided[i])],
    ];
    parts.forEach(([title, colour], part) => {
      const x = (part % 2) * (1 + GAP);
      const y = Math.floor(part / 2) * down + ROOM;
      picture.append(svg("text", { x, y: y - 0.035, "font-size": 0.075, fill: "currentColor" }, title));
      const image = svg("image", {
        href: raster(colour), x, y, width: 1, height: tall, preserveAspectRatio: "none",
        style: "image-rendering: pixelated; cursor: crosshair",
      });
      image.addEventListener("click", (event) => {
        const area = image.getBoundingClientRect();
        set({
          row: Math.floor(height * (event.clientY - area.top) / area.height),
          column: Math.floor(width * (event.clientX - area.left) / area.width),
        });
      });
      picture.append(image, svg("rect", {
        x, y, width: 1, height: tall, fill: "none", stroke: paint("muted"), "stroke-width": 0.004,
      }));
      const at = { x: x + state.column / width, y: y + (state.row * tall) / height };
      picture.append(part === 3 ? marker(at, tall) : ring(at, tall));
    });
    return picture;
  }

  // black and white, to be seen on every picture
  function ring({ x, y }, tall) {
    const box = (grow, stroke) => svg("rect", {
      x: x - grow, y: y - grow, width: 1 / width + 2 * grow, height: tall / height + 2 * grow, fill: "none", stroke,
      "stroke-width": 0.009, "pointer-events": "none",
    });
    return svg("g", {}, box(0.02, "black"), box(0.011, "white"));
  }

  function marker(at, tall) {
    const hit = svg("rect", { x: at.x, y: at.y, width: 1 / width, height: tall / height, fill: "transparent" });
    return Course.choosable(svg("g", {}, hit, ring(at, tall)), {
      label: `pixel in row ${state.row}, column ${state.column}`, mark: { "data-pixel": "" }, chosen: true,
      at: [state.row, state.column], size: [height, width], choose: (row, column) => set({ row, column }),
    });
  }

  function bars({ scores }) {
    const picture = svg("svg", {
      viewBox: `-0.4 0 11.2 ${0.62 * scores.length + 0.1}`, role: "img",
      "aria-label": scores.map(({ c, iou }) => `${names[c]}: IoU ${percent(iou)}`).join(", "),
    });
    picture.style.cssText = "max-width: 30rem; margin-inline: auto";
    scores.forEach(({ c, both, either, iou }, i) => {
      const y = 0.62 * i + 0.1;
      const text = (x, anchor, words) => svg("text", {
        x, y: y + 0.36, "font-size": 0.36, "text-anchor": anchor, fill: "currentColor",
      }, words);
      picture.append(
        svg("rect", { x: 2.2, y, width: 4.2, height: 0.46, fill: paint("muted"), "fill-opacity": 0.2 }),
        svg("rect", { x: 2.2, y, width: 4.2 * iou, height: 0.46, fill: c ? colours[(c - 1) % colours.length] : paint("muted") }),
        text(2, "end", names[c]), text(6.6, "start", `${both} / ${either} = ${percent(iou)}`));
    });
    return picture;
  }

  // --- controls

  function set(next) {
    Object.assign(state, next);
    state.row = Math.max(0, Math.min(state.row, height - 1));
    state.column = Math.max(0, Math.min(state.column, width - 1));
    render();
  }

  const choice = Course.choice("Picture", Object.keys(pictures).map((name) => [name, name]), state.picture,
    (picture) => set({ picture }));
  const sliders = Course.sliders(state, set, { threshold: ["Threshold (%)", 1, 99] });
  const step = () => set({ threshold: (state.threshold + 4) % 99 || 1 });
  const drawing = element("div");
  const overall = element("p", { class: "says overall", "aria-live": "polite" });
  const pixel = element("p", { class: "says pixel", "aria-live": "polite" });

  function render() {
    const result = decide();
    drawing.replaceChildren(draw(result), bars(result));
    choice.input.value = state.picture;
    sliders.follow(state);
    overall.textContent = overallText(result);
    pixel.textContent = pixelText(result);
    root.dataset.state = JSON.stringify({ ...state, ...result, overall: overall.textContent, pixel: pixel.textContent });
  }

  root.append(
    element("div", { class: "controls" }, choice.node, ...sliders.nodes, ...Course.play(step)),
    overall, drawing, pixel);

  root.course = { set };
  render();
});
