"""Reads OpenMetrics text from stdin with both parsers of prometheus_client; prints what each has read as JSON."""

import json
import sys

from prometheus_client import parser as classic
from prometheus_client.openmetrics import parser as openmetrics

text = sys.stdin.buffer.read().decode("utf-8")


def read(families):
    return [
        {
            "name": family.name,
            "type": family.type,
            "unit": family.unit,
            "help": family.documentation,
            "samples": [{"name": s.name, "labels": s.labels, "value": s.value} for s in family.samples],
        }
        for family in families
    ]


json.dump(
    {
        "openmetrics": read(openmetrics.text_string_to_metric_families(text)),
        "classic": read(classic.text_string_to_metric_families(text)),
    },
    sys.stdout,
)
