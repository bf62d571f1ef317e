"""session.py HOST: opens a PySpark session in the Livy on HOST, computes a sum on the cluster, and closes it.

Ends with the exit status 3 if HOST has no Livy.
"""

import json
import sys
import time
import urllib.error
import urllib.request
from typing import Any

CODE = "print(sc.parallelize(range(1, 100001), 4).sum())"
SUM = "5000050000"


def main(host: str) -> None:
    def ask(path: str, body: Any = None, method: str | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://{host}:8998{path}", data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def wait(path: str, key: str, wanted: str, others: set[str]) -> Any:
        """Asks until the value of `key` is `wanted`; any other value that is not in `others` is an error."""
        for _ in range(600):
            now = ask(path)
            if now[key] == wanted:
                return now
            if now[key] not in others:
                sys.exit(f"{path} is {now[key]}: {now}")
            time.sleep(0.5)
        sys.exit(f"{path} is still {now[key]}")

    for _ in range(120):
        try:
            ask("/sessions")
            break
        except urllib.error.HTTPError as error:
            if error.code == 503:
                print(error.read().decode().strip())
                sys.exit(3)
            raise
        except OSError as error:
            # It starts.
            reason = error
            time.sleep(0.5)
    else:
        sys.exit(f"Livy: no answer from {host}: {reason}")

    start = time.monotonic()
    session = f"/sessions/{ask('/sessions', {'kind': 'pyspark', 'conf': {'spark.cores.max': '1'}})['id']}"
    wait(session, "state", "idle", {"not_started", "starting"})
    print(f"Livy: session is idle after {time.monotonic() - start:.0f} s")
    statement = f"{session}/statements/{ask(session + '/statements', {'code': CODE})['id']}"
    result = wait(statement, "state", "available", {"waiting", "running"})["output"]
    ask(session, method="DELETE")
    if result["status"] != "ok" or result["data"]["text/plain"].strip() != SUM:
        sys.exit(f"Livy: {result}")
    print(f"Livy: sum of 1 to 100000: {SUM}")


main(sys.argv[1])
