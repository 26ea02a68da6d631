"""Reads CSV as Python's csv module does, strictly; answers the heading and the rows as objects."""

import csv
import io
import json
import sys

text = sys.stdin.buffer.read().decode()
rows = csv.reader(io.StringIO(text, newline=""), strict=True)
heading = next(rows)
assert len(set(heading)) == len(heading), heading
answer = []
for row in rows:
    assert len(row) == len(heading), row
    answer.append(dict(zip(heading, row)))
lines = text.split("\r\n")
assert lines[-1] == "" and len(lines) == len(answer) + 2, "a line is no row, or a row no line"
json.dump({"heading": heading, "rows": answer}, sys.stdout)
