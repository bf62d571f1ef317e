"""Prints the state and the endpoints of each container of an appliance, which is read from standard input.

Ends with an error if one of them does not run.
"""

import json
import sys

containers = json.load(sys.stdin)["containers"]
for each in containers:
    endpoints = [f"{at['host']}:{at['host_port']} -> {at['container_port']}" for at in each["endpoints"]]
    print(f"{each['id']}: {each['state']} {', '.join(endpoints)}")
sys.exit(any(each["state"] != "running" for each in containers))
