"""Validates JUnit XML against the schema of Jenkins' xunit plugin and answers its suites and cases.

tests/support/install.sh puts the schema beside the interpreter.
"""

import json
import os
import sys

from lxml import etree

parser = etree.XMLParser(resolve_entities=False, no_network=True)
document = etree.fromstring(sys.stdin.buffer.read(), parser)
schema = etree.XMLSchema(etree.parse(os.path.join(sys.prefix, "schemas", "junit-10.xsd")))
schema.assertValid(document.getroottree())


def case(element):
    endings = [child for child in element if child.tag in ("failure", "error", "skipped")]
    assert len(endings) <= 1, "a case ends once"
    ending = endings[0] if endings else None
    return {
        "name": element.get("name"),
        "class": element.get("classname"),
        "ending": "passed" if ending is None else ending.tag,
        "type": None if ending is None else ending.get("type"),
        "message": None if ending is None else ending.get("message"),
        "text": "" if ending is None else ending.text,
        "out": element.findtext("system-out") or "",
    }


def suite(element):
    cases = [case(child) for child in element.findall("testcase")]
    names = [(c["class"], c["name"]) for c in cases]
    assert len(set(names)) == len(names), "two cases of one name"
    counted = {"tests": len(cases)}
    for ending, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        counted[attribute] = sum(c["ending"] == ending for c in cases)
        assert int(element.get(attribute)) == counted[attribute], (element.get("name"), attribute)
    assert int(element.get("tests")) == len(cases), element.get("name")
    return {"name": element.get("name"), "timestamp": element.get("timestamp"), "cases": cases, **counted}


suites = [suite(element) for element in document.findall("testsuite")]
for attribute in ("tests", "failures", "errors"):
    assert int(document.get(attribute)) == sum(s[attribute] for s in suites), attribute
assert document.tag == "testsuites" and "skipped" not in document.attrib
json.dump(suites, sys.stdout)
