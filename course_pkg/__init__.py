"""The package under the course on convolutional networks.

Importing `course_pkg` imports neither torch nor Matplotlib; take what you need by name, for example
`from course_pkg import ops` or `from course_pkg.data import mnist1d`.
"""

__version__ = "0.1.0"
