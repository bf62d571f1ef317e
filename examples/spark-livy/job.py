"""job.py MASTER HOSTS: runs a job on a Spark cluster, and prints its sum and the hosts that computed it.

Ends with an error if the sum is wrong, or if other than HOSTS hosts took part.
"""

import socket
import sys
import time
from collections.abc import Iterable, Iterator

from pyspark.sql import SparkSession

LAST = 100_000
PARTITIONS = 12


def part(numbers: Iterable[int]) -> Iterator[tuple[str, int]]:
    """The sum of a partition, and the host that computed it."""
    # Long enough for every executor to get a part.
    time.sleep(0.3)
    yield socket.gethostname(), sum(numbers)


def main(master: str, hosts: int) -> None:
    settings = {
        # Executors connect to the driver at this address.
        "spark.driver.host": socket.gethostbyname(socket.gethostname()),
        "spark.driver.bindAddress": "0.0.0.0",
        # One core on each worker; the job starts when all of them are there.
        "spark.cores.max": str(hosts),
        "spark.executor.cores": "1",
        "spark.scheduler.minRegisteredResourcesRatio": "1",
        "spark.scheduler.maxRegisteredResourcesWaitingTime": "300s",
        "spark.ui.enabled": "false",
    }
    builder = SparkSession.builder.master(master).appName("try")
    for name, value in settings.items():
        builder = builder.config(name, value)
    context = builder.getOrCreate().sparkContext
    context.setLogLevel("ERROR")
    parts = context.parallelize(range(1, LAST + 1), PARTITIONS).mapPartitions(part).collect()
    context.stop()

    total = sum(subtotal for _, subtotal in parts)
    computed = sorted({host for host, _ in parts})
    print(f"sum of 1 to {LAST}: {total}, computed on {', '.join(computed)}")
    if total != LAST * (LAST + 1) // 2:
        sys.exit("the sum is wrong")
    if len(computed) != hosts:
        sys.exit(f"{hosts} hosts were expected")


main(sys.argv[1], int(sys.argv[2]))
