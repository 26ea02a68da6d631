"""Runs the OpenMetrics check of the Datadog agent, its own code, once on the endpoint that is given, with the configuration
of stdin; prints what it would have sent as JSON."""

import json
import sys

import yaml
from datadog_checks.base.checks.openmetrics.v2.base import OpenMetricsBaseCheckV2
from datadog_checks.base.stubs import aggregator

conf = yaml.safe_load(sys.stdin)
instance = conf["instances"][0]
instance["openmetrics_endpoint"] = sys.argv[1]
# The references to secrets are the agent's matter.
instance.pop("headers", None)


class Check(OpenMetricsBaseCheckV2):
    __NAMESPACE__ = ""


check = Check("openmetrics", conf.get("init_config") or {}, [instance])
failure = check.run()
if failure:
    sys.exit(failure)
metrics = [
    {"name": one.name, "value": one.value, "tags": sorted(one.tags), "type": one.type}
    for name in aggregator.metric_names
    for one in aggregator.metrics(name)
]
health = [one.status for name in aggregator.service_check_names for one in aggregator.service_checks(name)]
json.dump({"metrics": metrics, "health": max(health, default=None)}, sys.stdout)
