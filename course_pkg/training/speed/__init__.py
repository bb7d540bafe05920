"""How fast training goes on this machine, and where its time goes: `python -m course_pkg bench train`."""
