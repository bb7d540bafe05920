"""Leaves tasks in the kernel's event loop: one that never ends, one that blocks for a while, one that fails.

covers: asyncio tasks
"""

# %% top
import asyncio
import time


async def blocks():
    while True:
        time.sleep(0.02)
        await asyncio.sleep(0.01)


async def fails():
    raise SystemExit("from a task")


tasks = [
    asyncio.ensure_future(asyncio.sleep(1e6)),
    asyncio.ensure_future(blocks()),
    asyncio.ensure_future(fails()),
]
