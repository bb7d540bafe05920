"""The operators of convolutional networks in NumPy, forward and backward.

Functions that exist in `torch.nn.functional` have its names, argument names, order, defaults and meaning.
`NAME_backward` takes the gradient of the result and then the arguments of `NAME`, and returns the gradients
in the order of the array arguments.
"""

from course_pkg.ops.conv import conv1d, conv1d_backward, conv2d, conv2d_backward
from course_pkg.ops.conv3d import conv3d, conv3d_backward
from course_pkg.ops.convolve import convolve, convolve_backward, correlate, correlate_backward
from course_pkg.ops.pad import pad, pad_backward

__all__ = [
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
    "pad",
    "pad_backward",
]
