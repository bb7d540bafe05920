"""Run submissions: one in its sandbox, many in parallel, and keep what came of them."""
