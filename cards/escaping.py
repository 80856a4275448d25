"""Texts of movies and names of models as Markdown that shows exactly them.

    markdown("a *starred* <b>theme</b>")        # 'a \\*starred\\* &lt;b&gt;theme&lt;/b&gt;'

It formats nothing.
"""

import html
import re


def markdown(text: object) -> str:
    """Any text as Markdown that shows exactly it, on one line."""
    line = html.escape(" ".join(str(text).split()), quote=False)
    return re.sub(r"([\\`*_\[\]|~#$!{}()])", r"\\\1", line)
