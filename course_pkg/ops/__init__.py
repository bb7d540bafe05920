"""The operators of convolutional networks in NumPy, forward and backward.

Functions that exist in `torch.nn.functional` have its names, argument names, order, defaults and meaning.
`NAME_backward` takes the gradient of the result and then the arguments of `NAME`, and returns the gradients
in the order of the array arguments.
"""

from course_pkg.ops.adaptive_pool import adaptive_avg_pool2d, adaptive_avg_pool2d_backward
from course_pkg.ops.avg_pool import avg_pool1d, avg_pool1d_backward, avg_pool2d, avg_pool2d_backward
from course_pkg.ops.blur_pool import blur_pool2d, blur_pool2d_backward
from course_pkg.ops.conv import conv1d, conv1d_backward, conv2d, conv2d_backward
from course_pkg.ops.conv3d import conv3d, conv3d_backward
from course_pkg.ops.conv_transpose import (
    conv_transpose1d,
    conv_transpose1d_backward,
    conv_transpose2d,
    conv_transpose2d_backward,
)
from course_pkg.ops.convolve import convolve, convolve_backward, correlate, correlate_backward
from course_pkg.ops.gradcheck import gradcheck
from course_pkg.ops.lp_pool import lp_pool2d, lp_pool2d_backward
from course_pkg.ops.max_pool import max_pool1d, max_pool1d_backward, max_pool2d, max_pool2d_backward
from course_pkg.ops.max_unpool import max_unpool2d, max_unpool2d_backward
from course_pkg.ops.norm import local_response_norm, local_response_norm_backward
from course_pkg.ops.pad import pad, pad_backward
from course_pkg.ops.pixel_shuffle import (
    pixel_shuffle,
    pixel_shuffle_backward,
    pixel_unshuffle,
    pixel_unshuffle_backward,
)
from course_pkg.ops.resample import interpolate, interpolate_backward
from course_pkg.ops.unfold import fold, fold_backward, unfold, unfold_backward

__all__ = [
    "adaptive_avg_pool2d",
    "adaptive_avg_pool2d_backward",
    "avg_pool1d",
    "avg_pool1d_backward",
    "avg_pool2d",
    "avg_pool2d_backward",
    "blur_pool2d",
    "blur_pool2d_backward",
    "conv1d",
    "conv1d_backward",
    "conv2d",
    "conv2d_backward",
    "conv3d",
    "conv3d_backward",
    "conv_transpose1d",
    "conv_transpose1d_backward",
    "conv_transpose2d",
    "conv_transpose2d_backward",
    "convolve",
    "convolve_backward",
    "correlate",
    "correlate_backward",
    "fold",
    "fold_backward",
    "gradcheck",
    "interpolate",
    "interpolate_backward",
    "local_response_norm",
    "local_response_norm_backward",
    "lp_pool2d",
    "lp_pool2d_backward",
    "max_pool1d",
    "max_pool1d_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "max_unpool2d",
    "max_unpool2d_backward",
    "pad",
    "pad_backward",
    "pixel_shuffle",
    "pixel_shuffle_backward",
    "pixel_unshuffle",
    "pixel_unshuffle_backward",
    "unfold",
    "unfold_backward",
]
