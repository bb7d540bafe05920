"""The part that a person reads holds scripts, links, hidden frames and a picture of the gradebook.

covers: rich outputs
"""

# %% answer
# <script>document.title = 1</script>
# [click](javascript:alert(1)) <a href="data:text/html,<script>alert(1)</script>">here</a>
# ![gradebook](../../../gradebook.db) ![x](file:///etc/passwd) <img src="http://example.com/x.png" onerror=alert(1)>
# </div></main><iframe src="http://example.com"></iframe><style>.part {display: none}</style>
# [x]: http://example.com "title" <!-- unclosed
