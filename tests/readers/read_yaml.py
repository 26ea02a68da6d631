"""Reads YAML as PyYAML does (version 1.1) and answers what it read, as JSON: texts, numbers and keys as they are."""

import json
import sys

import yaml


def told(value):
    """What JSON has no word for must not become a text unnoticed: a date, a set, a key that is no text."""
    if isinstance(value, dict):
        strange = [key for key in value if not isinstance(key, str)]
        assert not strange, f"keys that are no texts: {strange}"
        return {key: told(item) for key, item in value.items()}
    if isinstance(value, list):
        return [told(item) for item in value]
    assert value is None or isinstance(value, (str, bool, int, float)), f"{value!r} is {type(value)}"
    return value


json.dump(told(yaml.safe_load(sys.stdin.buffer)), sys.stdout)
