#!/usr/bin/env python3
"""Checks deploy/monitoring against what runs: python3 scripts/check-dashboard.py PROMETHEUS_URL, with a daemon's metrics on standard input.

Every metric that a dashboard names has to be one that the daemon exports, every query one that Prometheus accepts, and every panel's
place and data source one that Grafana can use.
"""

import json
import pathlib
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

# Grafana's own variables, as it would fill them in.
VARIABLES = {"$__rate_interval": "1m", "$instance": ".*", "$language": ".*"}
METRIC = re.compile(r"\b(?:kiln_\w+|up)\b")
GRID_WIDTH = 24

prometheus = sys.argv[1]
exported = {line.split("{")[0].split(" ")[0] for line in sys.stdin if line.startswith("kiln_")} | {"up"}
wrong = []
queries = 0
for path in sorted(pathlib.Path("deploy/monitoring/grafana/dashboards").glob("*.json")):
    dashboard = json.loads(path.read_text())
    variables = {"$" + variable["name"] for variable in dashboard["templating"]["list"]}
    ids = [panel["id"] for panel in dashboard["panels"]]
    if len(ids) != len(set(ids)):
        wrong.append(f"{path}: two panels have the same id")
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        if place["x"] + place["w"] > GRID_WIDTH:
            wrong.append(f"{path}: {panel['title']} is wider than the grid")
        for target in panel["targets"]:
            where = f"{path}: {panel['title']} {target['refId']}"
            if target["datasource"]["uid"] != "prometheus":
                wrong.append(f"{where}: no such data source")
            query = target["expr"]
            for name in METRIC.findall(query):
                if name not in exported:
                    wrong.append(f"{where}: no daemon exports {name}")
            for variable in set(re.findall(r"\$\w+", query)) - {"$__rate_interval"}:
                if variable not in variables:
                    wrong.append(f"{where}: the dashboard has no variable {variable}")
            for variable, value in VARIABLES.items():
                query = query.replace(variable, value)
            url = f"{prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": query})
            try:
                with urllib.request.urlopen(url, timeout=10) as reply:
                    accepted = json.load(reply)["status"] == "success"
            except urllib.error.HTTPError as error:
                accepted = False
                where += f" ({json.load(error).get('error')})"
            if not accepted:
                wrong.append(f"{where}: Prometheus does not accept {query}")
            queries += 1
if not queries:
    wrong.append("no dashboard has a query")
for line in wrong:
    print(f"check-dashboard: {line}", file=sys.stderr)
if wrong:
    sys.exit(1)
print(f"{queries} queries of the dashboards name what daemons export, and Prometheus accepts them")
