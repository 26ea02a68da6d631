"""Checks SARIF from stdin against the schema that the argument names, and what the standard asks beyond it; prints what is
wrong as a JSON list."""

import json
import sys

import jsonschema

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
log = json.load(sys.stdin)
validator = jsonschema.validators.validator_for(schema)
validator.check_schema(schema)
wrong = [f"{error.json_path}: {error.message}" for error in validator(schema).iter_errors(log)]

for run in log["runs"]:
    driver, results = run["tool"]["driver"], run["results"]
    notifications = run["invocations"][0]["toolExecutionNotifications"]
    # 3.27.23, 3.27.24: on all results of a run or on none
    for key in ("suppressions", "baselineState"):
        if len({key in result for result in results}) > 1:
            wrong.append(f"{key} is on some results only")
    # 3.52.4: the index names the rule
    wrong += [f"index of {r['ruleId']}" for r in results if driver["rules"][r["ruleIndex"]]["id"] != r["ruleId"]]
    wrong += [f"{r['kind']} with level {r['level']}" for r in results if r["kind"] != "fail" and r["level"] != "none"]
    # 3.49.3: descriptors are told apart by their ids
    ids = [rule["id"] for rule in driver["rules"]]
    wrong += ["two rules have one id"] if len(set(ids)) != len(ids) else []
    kinds = {kind["id"] for kind in driver["notifications"]}
    wrong += [f"no such notification: {n}" for n in notifications if n["descriptor"]["id"] not in kinds]
    # 3.14.14: what uriBaseId names is defined; 3.4.3: with it, the URI is relative
    for result in results + notifications:
        for location in result.get("locations", []) + result.get("relatedLocations", []):
            artifact = location["physicalLocation"]["artifactLocation"]
            base = artifact.get("uriBaseId")
            if base and (base not in run["originalUriBaseIds"] or ":" in artifact["uri"] or artifact["uri"][0] == "/"):
                wrong.append(f"uri {artifact}")
            if not base and not artifact["uri"].startswith("file:///"):
                wrong.append(f"uri {artifact}")

json.dump(wrong, sys.stdout)
