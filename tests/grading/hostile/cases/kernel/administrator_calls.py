"""Calls that belong to the machine's administrator: clock, host name, swap, modules, restart.

covers: clock_settime, sethostname
stock: not tried: it sets the machine's clock and name
"""

# %% top
import ctypes
import time

libc = ctypes.CDLL(None, use_errno=True)


class Moment(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


now = Moment(int(time.time()), 0)
calls = {
    "clock_settime": lambda: libc.clock_settime(0, ctypes.byref(now)),
    "swapoff": lambda: libc.swapoff(b"/no/such/file"),
    "init_module": lambda: libc.syscall(175, None, 0, None),
    "reboot with a wrong key": lambda: libc.syscall(169, 1, 2, 3, None),
}
for name, call in calls.items():
    ctypes.set_errno(0)
    if call() == 0 or ctypes.get_errno() not in (1, 38):  # EPERM, ENOSYS: refused before it was looked at
        print("@won@", name, ctypes.get_errno())
libc.sethostname(b"@token@", 10)
