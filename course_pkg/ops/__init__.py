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
from course_pkg.ops.convolve import convolve, convolve_backward, correlate, correlate_backward
from course_pkg.ops.gradcheck import gradcheck
from course_pkg.ops.lp_pool import lp_pool2d, lp_pool2d_backward
from course_pkg.ops.max_pool import max_pool1d, max_pool1d_backward, max_pool2d, max_pool2d_backward
from course_pkg.ops.max_unpool import max_unpool2d, max_unpool2d_backward
from course_pkg.ops.norm import local_response_norm, local_response_norm_backward
from course_pkg.ops.pad import pad, pad_backward

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
    "convolve",
    "convolve_backward",
    "correlate",
    "correlate_backward",
    "gradcheck",
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
]
