/* One-dimensional signals, as course_pkg.ops computes them; compared with it in tests/browser. */
"use strict";

const Signal = {
  // y[n] = sum_k x[k] w[n − k], for every n where the two overlap
  convolve(x, w) {
    const y = new Array(x.length + w.length - 1).fill(0);
    x.forEach((value, i) => w.forEach((weight, k) => { y[i + k] += value * weight; }));
    return y;
  },

  outputSize(n, kernel, stride, padding, dilation) {
    return Math.floor((n + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
  },

  // cross-correlation as in a convolution layer, without bias: zeros all around
  conv1d(x, w, stride, padding, dilation) {
    const size = Signal.outputSize(x.length, w.length, stride, padding, dilation);
    const at = (i) => (i >= 0 && i < x.length ? x[i] : 0);
    return Array.from({ length: Math.max(size, 0) }, (_, n) =>
      w.reduce((sum, weight, k) => sum + weight * at(n * stride - padding + k * dilation), 0));
  },
};
