"""Validates documents against JSON Schemas: [{name, schema, text}] on stdin, {name: [what is wrong]} on stdout.

A text is JSON or YAML. YAML is read by the rules of YAML 1.2, as editors and serde read it: `on` is a key of
declared facts, and a date is a text.
"""

import json
import re
import sys

import yaml
from jsonschema import Draft202012Validator


class Texts(yaml.SafeLoader):
    """SafeLoader without dates, and without yes, no, on and off."""


OURS = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool"}
Texts.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in OURS]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Texts.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))

answers = {}
for case in json.load(sys.stdin):
    schema = json.loads(case["schema"])
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema", schema.get("$schema")
    Draft202012Validator.check_schema(schema)
    text = case["text"]
    document = json.loads(text) if text.startswith("{") else yaml.load(text, Loader=Texts)
    errors = Draft202012Validator(schema).iter_errors(document)
    answers[case["name"]] = [f"{error.json_path}: {error.message}" for error in errors]
json.dump(answers, sys.stdout)
