//! The capability table: what the Kubernetes target does with each field.

use crate::plan::Field;
use crate::targets::Capability;

/// One row for each field.
pub static CAPABILITIES: &[Capability<'static>] = &[
    Capability::carried(
        Field::ApplianceId,
        "a Namespace with that name in lower case; with the option `namespace`, the start of all names in that namespace",
    ),
    Capability::depends(
        Field::VolumeType,
        "decided by the storage class; a warning unless the option `storage-class` is set",
    ),
    Capability::depends(
        Field::VolumeLocal,
        "a PersistentVolumeClaim: ReadWriteOnce, or ReadWriteMany if several pods mount it, with a warning that the storage class must support it; a claim cannot be changed from one to the other",
    ),
    Capability::depends(
        Field::VolumeGlobal,
        "the claim of that name; a warning that it must exist in the namespace if the option `create-namespace` is true",
    ),
    Capability::approximated(
        Field::VolumeHints,
        "scheduling hints have no effect: the storage class and the pods that mount a volume decide where it is stored",
    ),
    Capability::depends(
        Field::VolumeSize,
        "the size of the claim; a warning on a global volume, whose claim exists",
    ),
    Capability::depends(
        Field::ContainerId,
        "the name of the workload and its Service: lower case, starting with a letter; rejected if too long or already taken, or if it contains `--` and the option `namespace` is set",
    ),
    Capability::carried(Field::Service, "a Deployment"),
    Capability::carried(
        Field::Job,
        "a Job, or a CronJob if it repeats; a changed Job must be deleted before it is applied again",
    ),
    Capability::carried(Field::Image, "`image`, unchanged"),
    Capability::depends(
        Field::Build,
        "not in the output: a warning says how to build and push the image",
    ),
    Capability::carried(Field::Cpus, "a request without a limit, in thousandths of a CPU"),
    Capability::carried(
        Field::Mem,
        "a request and an equal limit, in the largest binary unit with a whole number",
    ),
    Capability::carried(
        Field::Disk,
        "a request for ephemeral storage, in the largest binary unit with a whole number",
    ),
    Capability::carried(
        Field::Gpu,
        "a limit of `nvidia.com/gpu`, or of the resource that the option `gpu-resource` names",
    ),
    Capability::depends(
        Field::Instances,
        "`replicas` of a Deployment, or `completions` of a Job, each with an index and its own retries (Kubernetes 1.29); a Job can have at most 100,000",
    ),
    Capability::depends(
        Field::Cmd,
        "`command: [/bin/sh, -c, ...]`; a warning for characters that `kubectl apply --server-side` cannot send",
    ),
    Capability::depends(
        Field::Args,
        "`args`, one entry each; a warning for characters that `kubectl apply --server-side` cannot send",
    ),
    Capability::carried(Field::Entrypoint, "`command`, with `args` behind it"),
    Capability::depends(
        Field::User,
        "`runAsUser` and `runAsGroup`; rejected if it contains a name, or is 0 with the option `restricted`",
    ),
    Capability::carried(Field::WorkingDir, "`workingDir`; a missing directory is created"),
    Capability::carried(Field::StopTimeout, "`terminationGracePeriodSeconds` of the pod"),
    Capability::depends(
        Field::Labels,
        "labels of the workload and its pods; rejected if a name or value is not valid there, or applc sets it",
    ),
    Capability::depends(
        Field::Files,
        "a ConfigMap `ID-files` and a mount for each file; a change replaces the pods; rejected for a path with `:`, for more than 1 MiB in all, and for a reference of a container to itself",
    ),
    Capability::depends(
        Field::Env,
        "`env`; a name with characters other than letters, digits, `_`, `-` and `.` requires Kubernetes 1.32, one beyond ASCII is rejected",
    ),
    Capability::depends(
        Field::SecretEnv,
        "`env` with `valueFrom.secretKeyRef`; the Secret must be in the namespace, which a warning says if the option `create-namespace` is true; pods take a changed value when they are replaced; names as for `env`",
    ),
    Capability::depends(
        Field::SecretFiles,
        "a `secret` volume for each Secret, with a mount for each file; pods take a changed value when they are replaced; rejected for a path with `:`",
    ),
    Capability::carried(
        Field::References,
        "the name of the Service, for a port that is listed for one protocol; otherwise that of a headless Service of the pods, where every port can be reached. Pods that are not ready are included if a container that does not depend on them refers to them. A reference of a container to itself is the IP address of its pod",
    ),
    Capability::depends(
        Field::MountPersistent,
        "a mount of the claim; a warning that the storage class must let another `user` than root write to it; rejected if the mount path contains `:`",
    ),
    Capability::depends(
        Field::MountHost,
        "`hostPath`; rejected if the host path contains `..` or the mount path `:`",
    ),
    Capability::rejected(
        Field::MountBeside,
        "nodes have no folder of the appliance: use `files`, build it into the image, or mount an absolute path",
    ),
    Capability::carried(Field::MountReadOnly, "`readOnly` of the mount"),
    Capability::depends(
        Field::NetworkHost,
        "`hostNetwork` with the DNS of the cluster; a warning if several instances need a node each, or if a container with its own IP address refers to a UDP port",
    ),
    Capability::carried(Field::NetworkBridge, "the pod's own IP address; ports as listed"),
    Capability::carried(Field::NetworkContainer, "the pod's own IP address; ports as listed"),
    Capability::carried(
        Field::Ports,
        "a Service of type NodePort, or of the type that the option `expose` names, and another one for UDP ports with the number of a TCP port; on the host network, the host ports themselves",
    ),
    Capability::depends(
        Field::HostPort,
        "the node port if it is free and in the range 30000 to 32767, otherwise a `hostPort` of the pod, so that each of several instances needs its own node; a warning if a container port has one for TCP and one for UDP, which `kubectl apply` updates correctly only with `--server-side`",
    ),
    Capability::carried(Field::PortUdp, "`protocol: UDP`"),
    Capability::depends(
        Field::PortName,
        "the port name, normalized; omitted with a warning if there is no Service and the name is longer than 15 characters",
    ),
    Capability::depends(
        Field::PortInternal,
        "a Service of type ClusterIP, named `ID-internal` if the container has other ports, too; rejected for a UDP port with the number of a TCP port that is not internal",
    ),
    Capability::carried(
        Field::Privileged,
        "`privileged`; Pod Security in the namespace must allow it",
    ),
    Capability::carried(Field::ForcePull, "`imagePullPolicy: Always`"),
    Capability::carried(Field::NoForcePull, "`imagePullPolicy: IfNotPresent`"),
    Capability::carried(
        Field::Dependencies,
        "an init container each, which asks the API server until all instances are ready or the job has succeeded, and fails if the job has failed for good; the stop order is undefined",
    ),
    Capability::depends(
        Field::PlacementCloud,
        "the node label that the option `cloud-label` names; a warning if it is not set",
    ),
    Capability::depends(
        Field::PlacementRegion,
        "the node label `topology.kubernetes.io/region`; rejected if it is not a valid label value",
    ),
    Capability::depends(
        Field::PlacementZone,
        "the node label `topology.kubernetes.io/zone`; rejected if it is not a valid label value",
    ),
    Capability::depends(
        Field::PlacementHost,
        "the node label `kubernetes.io/hostname`; rejected if it is not a valid label value",
    ),
    Capability::depends(
        Field::Preemptible,
        "nodes with the label that the option `preemptible-label` names are preferred or avoided; a warning if it is not set",
    ),
    Capability::depends(
        Field::HealthHttp,
        "`httpGet` in a startup and a liveness probe; the path cannot begin with `//`",
    ),
    Capability::depends(
        Field::HealthHttps,
        "`httpGet` with the scheme HTTPS; certificates are not verified; the path cannot begin with `//`",
    ),
    Capability::carried(Field::HealthTcp, "`tcpSocket` in a startup and a liveness probe"),
    Capability::depends(
        Field::HealthCommand,
        "`exec` of `/bin/sh -c` in the container; a warning for characters that `kubectl apply --server-side` cannot send",
    ),
    Capability::carried(
        Field::HealthTiming,
        "period, timeout and failure threshold of the probes; the startup probe covers the grace period, and until it succeeds the pod is not ready",
    ),
    Capability::carried(Field::DefaultHealthCheck, "`tcpSocket` on the first TCP port"),
    Capability::depends(
        Field::MinimumCapacity,
        "`maxUnavailable` of the rolling update; a warning if host ports leave no room for an extra instance",
    ),
    Capability::carried(
        Field::Retries,
        "`backoffLimit`, or `backoffLimitPerIndex` if there are several instances",
    ),
    Capability::depends(
        Field::Repeats,
        "a CronJob that repeats forever (-1), whose runs never overlap; a number of runs is rejected",
    ),
    Capability::depends(
        Field::StartTime,
        "an init container waits for it while the pod holds its resources; a schedule is aligned to it, in whole minutes",
    ),
    Capability::depends(
        Field::Interval,
        "the schedule of a CronJob, in UTC; rejected if cron cannot express it exactly",
    ),
    Capability::carried(
        Field::Schedule,
        "the schedule of a CronJob, with numbers for names; runs never overlap",
    ),
    Capability::carried(
        Field::TimeZone,
        "`timeZone` of the CronJob, which requires Kubernetes 1.25; without it `Etc/UTC`",
    ),
];
