"""The networks of the course, one file each; they need torch."""

from course_pkg.models.alexnet import AlexNet
from course_pkg.models.deconvnet import DeconvNet
from course_pkg.models.groupconv import GroupConvNet
from course_pkg.models.inception import GoogLeNet
from course_pkg.models.lenet import LeNet5
from course_pkg.models.mnist1d import MNIST1DConvNet, MNIST1DFullyConnected
from course_pkg.models.nin import NiN
from course_pkg.models.unet import UNet
from course_pkg.models.vgg import VGG
from course_pkg.models.yolo import YOLO

__all__ = [
    "VGG",
    "YOLO",
    "AlexNet",
    "DeconvNet",
    "GoogLeNet",
    "GroupConvNet",
    "LeNet5",
    "MNIST1DConvNet",
    "MNIST1DFullyConnected",
    "NiN",
    "UNet",
]
