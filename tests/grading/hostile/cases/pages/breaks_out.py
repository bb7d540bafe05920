"""Shows HTML that closes every element of the page, and a comment and a style that swallow the rest.

covers: rich outputs
"""

# %% top
from IPython.display import HTML, display

display(HTML("</div></div></section></main></body></html><h1>Full marks</h1><!-- "))
display(HTML("</pre></td></table><style>.part {display: none}</style><textarea><title><plaintext>"))
