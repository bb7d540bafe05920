"""The networks of the course, one file each; they need torch."""

from course_pkg.models.mnist1d import MNIST1DConvNet, MNIST1DFullyConnected

__all__ = ["MNIST1DConvNet", "MNIST1DFullyConnected"]
