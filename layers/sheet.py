"""How do all symbols look side by side? One HTML page of every legend, on light and on dark, for the documents."""

from __future__ import annotations

from base64 import b64encode
from html import escape

from layers.layer import Key, layers
from layers.symbols import render

STYLE = """
body{margin:0;font:13px/1.3 sans-serif}
section{padding:12px 20px}
.light{background:#dfe5e0;color:#14202b}
.dark{background:#1b2430;color:#dbe3ea}
h2{font-size:15px;margin:10px 0 4px}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(250px,1fr));gap:4px 14px;margin:0}
div{display:flex;align-items:center;gap:10px;min-height:44px}
dt{flex:0 0 60px;text-align:center}
dd{margin:0}
"""


def contact_sheet() -> str:
    """Every symbol of every legend with its meaning, as a page that needs nothing else."""
    legends = "".join(
        f"<h2>{escape(layer.title)}</h2><dl>{''.join(_line(key) for key in layer.legend)}</dl>"
        for layer in layers().values()
    )
    themes = "".join(f'<section class="{theme}">{legends}</section>' for theme in ("light", "dark"))
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Symbols</title><style>{STYLE}</style>{themes}'


def _line(key: Key) -> str:
    image = b64encode(render(key.symbol) or b"").decode()
    return f'<div><dt><img alt="" src="data:image/svg+xml;base64,{image}"></dt><dd>{escape(key.text)}</dd></div>'
