/* What the interactive figures share: a registry, a few controls, cells to choose from, and SVG elements.
 *
 * A figure's file calls Course.register(name, build). For every element
 * <div class="course-interactive" data-figure="name" data-settings="{…}"> on the page,
 * build(root, settings) is called once; what it appends to root replaces the stored still.
 * It must keep root.dataset.state up to date: JSON of its settings and of the values it shows,
 * which is what the browser tests compare with course_pkg.ops.
 */
"use strict";

const Course = {
  figures: {},
  // the colour of each role in daylight; course.css says which it is in the dark
  COLOURS: { input: "#0072b2", kernel: "#d55e00", output: "#00896b", second: "#aa5599", muted: "#7f8590" },
  // what a key does where cells can be chosen: how many rows down, how many columns to the right
  KEYS: {
    ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Enter: [0, 0], " ": [0, 0],
  },
  // does the reader ask for little motion? then .matches
  calm: window.matchMedia("(prefers-reduced-motion: reduce)"),

  register(name, build) {
    Course.figures[name] = build;
  },

  start() {
    for (const root of document.querySelectorAll(".course-interactive[data-figure]")) {
      const build = Course.figures[root.dataset.figure];
      if (!build) {
        throw new Error(`no interactive figure is registered as ${root.dataset.figure}`);
      }
      build(root, JSON.parse(root.dataset.settings));
      root.classList.add("ready");
    }
  },

  // --- elements; strings become text

  fill(node, attributes, children) {
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  },

  element(tag, attributes = {}, ...children) {
    return Course.fill(document.createElement(tag), attributes, children);
  },

  svg(tag, attributes = {}, ...children) {
    return Course.fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
  },

  paint(role) {
    return `var(--course-${role}, ${Course.COLOURS[role]})`;
  },

  // --- controls

  // a labelled slider over whole numbers; set(value) moves it without calling onChange
  slider(label, minimum, maximum, value, onChange) {
    const shown = Course.element("span", {}, String(value));
    const input = Course.element("input", { type: "range", min: minimum, max: maximum, step: 1, value });
    input.addEventListener("input", () => {
      shown.textContent = input.value;
      onChange(Number(input.value));
    });
    const node = Course.element("label", {}, Course.element("span", {}, `${label}: `, shown), input);
    const set = (next) => {
      input.value = next;
      shown.textContent = input.value;
    };
    return { node, input, set };
  },

  // a slider for each setting, { key: [label, minimum, maximum] }; change({ key: value }) hears of a new value,
  // follow(state) moves them all to where the settings are
  sliders(state, change, ranges) {
    const made = Object.entries(ranges).map(([key, range]) =>
      [key, Course.slider(...range, state[key], (value) => change({ [key]: value }))]);
    return {
      nodes: made.map(([, slider]) => slider.node),
      follow(next) {
        for (const [key, slider] of made) slider.set(next[key]);
      },
    };
  },

  // a labelled choice; options are [value, text] pairs
  choice(label, options, value, onChange) {
    const select = Course.element("select");
    for (const [key, text] of options) select.append(Course.element("option", { value: key }, text));
    select.value = value;
    select.addEventListener("change", () => onChange(select.value));
    return { node: Course.element("label", {}, label, select), input: select };
  },

  button(text, onClick) {
    const node = Course.element("button", { type: "button" }, text);
    node.addEventListener("click", onClick);
    return node;
  },

  // a field for as many numbers as wanted() says, with commas between them; take(values) hears of them,
  // and the paragraph `error` says why others will not do
  numbers(name, wanted, error, take) {
    const input = Course.element("input", { type: "text", "aria-label": `${name}, separated by commas` });
    input.addEventListener("change", () => {
      const parts = input.value.replaceAll("\u2212", "-").split(",");
      const values = parts.map((text) => (text.trim() ? Number(text) : NaN));
      const good = values.length === wanted() && values.every(Number.isFinite);
      error.textContent = good ? "" : `Please type ${wanted()} numbers with commas between them.`;
      if (good) take(values);
    });
    return input;
  },

  // a button that calls step() every so many milliseconds, until it is pressed again or stop() is called;
  // while it plays it reads `halt`
  player(step, { halt, every = () => 900, begin = () => {} }) {
    let timer = null;
    const node = Course.button("Play", () => (timer === null ? start() : stop()));
    const start = () => {
      begin();
      node.textContent = halt;
      timer = setInterval(step, every());
    };
    const stop = () => {
      clearInterval(timer);
      timer = null;
      node.textContent = "Play";
    };
    return { node, stop, playing: () => timer !== null };
  },

  // Play, for a figure that can be walked through by hand as well: nothing where little motion is asked for
  play(step) {
    return Course.calm.matches ? [] : [Course.player(step, { halt: "Pause" }).node];
  },

  // the buttons that walk through the outputs: step(-1), step(1), and step(1) again and again
  walk(step) {
    return [Course.button("Previous output", () => step(-1)), Course.button("Next output", () => step(1)),
      ...Course.play(() => step(1))];
  },

  // --- cells to choose from

  // makes a drawn cell one of several to choose from: by a press, or by the keys, which move on to its neighbours
  // at: its place, [index] in a row or [row, column]; size: the number of places on each axis
  // choose(...place) draws anew, with the cell of that place as the chosen one
  // reached: Tab comes to this cell, one of its row or table; mark: attributes to find it by
  choosable(cell, { label, mark, chosen, reached = chosen, at, size, choose }) {
    Course.fill(cell, {
      role: "button", tabindex: reached ? 0 : -1, "aria-pressed": chosen, "aria-label": label,
      style: "cursor: pointer", ...mark,
    }, []);
    cell.addEventListener("click", () => choose(...at));
    cell.addEventListener("keydown", (event) => {
      const step = Course.KEYS[event.key];
      if (!step) return;
      event.preventDefault();
      const root = cell.closest(".course-interactive");
      const by = at.length === 1 ? [step[0] + step[1]] : step;
      choose(...at.map((index, axis) => (index + by[axis] + size[axis]) % size[axis]));
      root.querySelector("[role=button][aria-pressed=true]").focus();
    });
    return cell;
  },

  // --- numbers as text

  // at most three digits after the point, and a true minus sign
  number(value) {
    return String(Math.round(value * 1000) / 1000).replace("-", "\u2212");
  },

  // the same, with brackets around what is below zero, for sums and products
  bracket(value) {
    return value < 0 ? `(${Course.number(value)})` : Course.number(value);
  },
};

document.addEventListener("DOMContentLoaded", Course.start);
