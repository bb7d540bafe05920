"""Shows SVG with a script in it, one with entities that multiply, and one of several megabytes.

covers: rich outputs
"""

# %% top
from IPython.display import display

start = "<svg xmlns='http://www.w3.org/2000/svg'>"
for svg in [
    f"{start}<script>document.title = 1</script></svg>",
    f"<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>]>{start}<text>&b;</text></svg>",
    f"{start}<image href='http://example.com/x.png'/><use href='file:///etc/passwd'/></svg>",
    start + "<circle r='1'/>" * 300_000 + "</svg>",
]:
    display({"image/svg+xml": svg, "text/plain": "svg"}, raw=True)
