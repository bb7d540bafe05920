"""The assignments themselves: what students get, and what their tests are tried on."""
