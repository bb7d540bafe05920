"""Where students' code runs: a fork server inside bubblewrap, and a child of it for each submission.

Inside, `forkserver` starts children, `isolation` shuts each one in, `kernel` runs the student's cells and
`tester` the tests. Outside, `packages` says what can be seen inside, `room` starts a fork server and talks to
it, and `provisioner` makes its children kernels that Jupyter can use.
"""
