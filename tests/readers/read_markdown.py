"""Reads Markdown as markdown-it does, by the rules of GitHub's tables, and answers what is in it: the tables with the texts of
their cells, the HTML that passes, links, images, and the text outside of code.
"""

import json
import sys

from markdown_it import MarkdownIt

text = sys.stdin.buffer.read().decode()
tokens = MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(text)
answer = {"tables": [], "html": [], "links": [], "images": [], "prose": [], "headings": 0, "items": [], "bytes": len(text.encode())}


def inline(token):
    """The text of one inline token, code as it is; what else it holds goes to the answer."""
    shown = []
    for child in token.children or []:
        if child.type == "html_inline":
            answer["html"].append(child.content)
        elif child.type == "link_open":
            answer["links"].append(child.attrs["href"])
        elif child.type == "image":
            answer["images"].append(child.attrs["src"])
        elif child.type == "text":
            answer["prose"].append(child.content)
            shown.append(child.content)
        elif child.type in ("code_inline", "softbreak", "hardbreak"):
            shown.append(child.content)
        else:
            assert child.type in ("strong_open", "strong_close"), child.type
    return "".join(shown)


inside = []
for token in tokens:
    if token.type in ("html_block", "html_inline"):
        answer["html"].append(token.content)
    elif token.type == "heading_open":
        answer["headings"] += 1
    elif token.type == "table_open":
        answer["tables"].append([])
    elif token.type == "tr_open":
        answer["tables"][-1].append([])
    elif token.type == "inline":
        shown = inline(token)
        if inside and inside[-1] in ("th", "td"):
            answer["tables"][-1][-1].append(shown)
        elif "list_item" in inside:
            answer["items"].append(shown)
    else:
        assert token.type not in ("fence", "code_block", "hr", "blockquote_open"), token.type
    if token.nesting == 1:
        inside.append(token.type.removesuffix("_open"))
    elif token.nesting == -1:
        inside.pop()
json.dump(answer, sys.stdout)
