"""Tests of `kube_checks`: a valid file has no problems, and each injected error is found."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pytest

import kube_schemas
from kube_api import documents
from kube_checks import Object, expand, problems

VALID = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Mi}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web}, annotations: {example.org/level: "1"}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      enableServiceLinks: false
      automountServiceAccountToken: false
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
      containers:
      - name: web
        image: web:1
        env: [{name: A, value: "1"}]
        ports: [{containerPort: 80, name: http}]
        volumeMounts: [{name: data, mountPath: /data}]
        livenessProbe: {tcpSocket: {port: 80}, timeoutSeconds: 1, periodSeconds: 1, failureThreshold: 1}
        resources: {requests: {cpu: 500m, memory: 64Mi}, limits: {memory: 64Mi, nvidia.com/gpu: 1}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, type: NodePort, ports: [{name: http, port: 80, targetPort: http, nodePort: 30080}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: tidy, namespace: shop}
spec:
  schedule: "3-59/10 * 1,15 * 0"
  timeZone: Etc/UTC
  jobTemplate:
    spec:
      template:
        metadata: {labels: {app: tidy}}
        spec:
          restartPolicy: Never
          enableServiceLinks: false
          automountServiceAccountToken: false
          containers: [{name: tidy, image: tidy}]
"""
NAMESPACE, CLAIM, WEB, SERVICE, CRON = range(5)


def container(objects: list[Object]) -> Object:
    return objects[WEB]["spec"]["template"]["spec"]["containers"][0]


def pod(objects: list[Object]) -> Object:
    return objects[WEB]["spec"]["template"]["spec"]


ERRORS: dict[str, Callable[[list[Object]], object]] = {
    "is defined 2 times": lambda o: o.append(copy.deepcopy(o[SERVICE])),
    "namespace shop is not created before it": lambda o: o.append(o.pop(NAMESPACE)),
    "has no namespace": lambda o: o[WEB]["metadata"].pop("namespace"),
    "Service 1web: malformed name": lambda o: o[SERVICE]["metadata"].update(name="1web"),
    "API version apps/v1beta1": lambda o: o[WEB].update(apiVersion="apps/v1beta1"),
    "CronJob xxxxx": lambda o: o[CRON]["metadata"].update(name="x" * 53),
    "label value 'a b'": lambda o: o[WEB]["metadata"]["labels"].update(app="a b"),
    "annotation value 1": lambda o: o[WEB]["metadata"]["annotations"].update({"example.org/level": 1}),
    "Deployment web: the selector matches the pods of []": lambda o: o[WEB]["spec"]["selector"].update(
        matchLabels={"app": "x"}
    ),
    "Service web: the selector matches the pods of []": lambda o: o[SERVICE]["spec"].update(selector={"app": "x"}),
    "the selector matches the pods of ['web', 'tidy']": lambda o: o[CRON]["spec"]["jobTemplate"]["spec"]["template"][
        "metadata"
    ]["labels"].update(app="web"),
    "neither ports nor clusterIP None": lambda o: o[SERVICE]["spec"].update(ports=[]),
    "several ports and one without a name": lambda o: o[SERVICE]["spec"]["ports"].append({"port": 80, "protocol": "UDP"}),
    "nodePort 80": lambda o: o[SERVICE]["spec"]["ports"][0].update(nodePort=80),
    "nodePort on type ClusterIP": lambda o: o[SERVICE]["spec"].update(type="ClusterIP"),
    "no container has port https": lambda o: o[SERVICE]["spec"]["ports"][0].update(targetPort="https"),
    "missing or malformed size": lambda o: o[CLAIM]["spec"]["resources"]["requests"].update(storage="12XB"),
    "no claim other": lambda o: pod(o)["volumes"][0]["persistentVolumeClaim"].update(claimName="other"),
    "volume data is not mounted": lambda o: container(o).pop("volumeMounts"),
    "volume data is not defined": lambda o: pod(o).pop("volumes"),
    "mount path 'data'": lambda o: container(o)["volumeMounts"][0].update(mountPath="data"),
    "restartPolicy OnFailure": lambda o: pod(o).update(restartPolicy="OnFailure"),
    "service links": lambda o: pod(o).pop("enableServiceLinks"),
    "a token that it does not need": lambda o: pod(o).pop("automountServiceAccountToken"),
    "no ServiceAccount waiter": lambda o: pod(o).update(serviceAccountName="waiter"),
    "without the cluster's DNS": lambda o: pod(o).update(hostNetwork=True),
    "container A_B: malformed name": lambda o: container(o).update(name="A_B"),
    "containerPort 99999": lambda o: container(o)["ports"][0].update(containerPort=99999),
    "port name a-name-that-is-long": lambda o: container(o)["ports"][0].update(name="a-name-that-is-long"),
    "port name 80": lambda o: container(o)["ports"][0].update(name="80"),
    "variable 'A=B'": lambda o: container(o)["env"][0].update(name="A=B"),
    "variable A is 1": lambda o: container(o)["env"][0].update(value=1),
    "port 81 is not the container's": lambda o: container(o)["livenessProbe"]["tcpSocket"].update(port=81),
    "no timeoutSeconds": lambda o: container(o)["livenessProbe"].pop("timeoutSeconds"),
    "quantity '12XB' of memory": lambda o: container(o)["resources"]["limits"].update(memory="12XB"),
    "request of memory exceeds its limit": lambda o: container(o)["resources"]["requests"].update(memory="65Mi"),
    "memory 512m": lambda o: container(o)["resources"]["limits"].update(memory="512m"),
    "schedule 'not cron'": lambda o: o[CRON]["spec"].update(schedule="not cron"),
    "schedule '60 * * * *'": lambda o: o[CRON]["spec"].update(schedule="60 * * * *"),
    "no timeZone": lambda o: o[CRON]["spec"].pop("timeZone"),
}  # fmt: skip


def test_a_valid_file_has_no_problems() -> None:
    assert problems(documents(VALID)) == []


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_is_found(error: str) -> None:
    objects = documents(VALID)
    ERRORS[error](objects)
    assert error in "\n".join(problems(objects))


def test_a_claim_can_exist_already() -> None:
    objects = documents(VALID)
    del objects[CLAIM]
    assert problems(objects, {"data"}) == []


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(A) $(B) $A ${A}", "1 $(B) $A ${A}"),
        ("$$(A) $$$$ $$$(A) $", "$(A) $$ $1 $"),
        ("$(A", "$(A"),
    ],
)
def test_expansion(text: str, expanded: str) -> None:
    assert expand(text, {"A": "1"}) == expanded


def test_the_schemas_accept_a_valid_file_and_reject_an_unknown_field(tmp_path: Path) -> None:
    file = tmp_path / "right.yaml"
    file.write_text(VALID.replace("nvidia.com/gpu: 1", 'nvidia.com/gpu: "1"'))
    assert kube_schemas.problems(documents(file.read_text())) == []
    assert [kube_schemas.kubectl_validate(file, version) for version in ("1.25", "1.30")] == ["", ""]
    file.write_text(file.read_text().replace("enableServiceLinks", "serviceLinks"))
    found = kube_schemas.problems(documents(file.read_text()))
    assert len(found) == 4 and all("'serviceLinks' was unexpected" in problem for problem in found)
    assert "serviceLinks" in kube_schemas.kubectl_validate(file, "1.30")
