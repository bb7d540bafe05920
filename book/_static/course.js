/* What the interactive figures share: a registry, a few controls, and SVG elements.
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

  // an element with attributes and children; strings become text
  element(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  },

  svg(tag, attributes = {}, ...children) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  },

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

  // at most three digits after the point, and a true minus sign
  number(value) {
    return String(Math.round(value * 1000) / 1000).replace("-", "\u2212");
  },
};

document.addEventListener("DOMContentLoaded", Course.start);
