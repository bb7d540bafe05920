"""Shows HTML with scripts, handlers and frames.

covers: rich outputs
"""

# %% top
from IPython.display import HTML, Javascript, display

display(HTML("<script>document.title = 1</script><img src=x onerror='document.title=1'>"))
display(HTML("<iframe src='javascript:alert(1)'></iframe><object data=x></object><svg onload=alert(1)>"))
display(HTML("<a href='javascript:alert(1)'>here</a><form action='http://example.com'><input></form>"))
display(
    HTML("<link rel=stylesheet href='http://example.com/x.css'><style>@import 'http://example.com';</style>")
)
display(Javascript("document.title = 1"))
display({"application/javascript": "document.title = 1", "text/plain": "x"}, raw=True)
