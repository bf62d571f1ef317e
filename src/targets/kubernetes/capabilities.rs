//! What becomes of each field on Kubernetes.

use crate::plan::Field;
use crate::targets::Capability;

pub static CAPABILITIES: &[Capability<'static>] = &[
    Capability::carried(
        Field::ApplianceId,
        "a Namespace of that name in lower case; the option `namespace` names another",
    ),
    Capability::depends(
        Field::VolumeType,
        "the storage class decides; a warning where the option `storage-class` names none",
    ),
    Capability::depends(
        Field::VolumeLocal,
        "a PersistentVolumeClaim: ReadWriteOnce, or ReadWriteMany where several pods mount it, with a warning that the storage class must offer it",
    ),
    Capability::depends(
        Field::VolumeGlobal,
        "the claim of that name; a warning that it must exist in the namespace, where the option `create-namespace` is true",
    ),
    Capability::approximated(
        Field::VolumeHints,
        "where a volume is stored is up to its storage class and to where the pods run that mount it",
    ),
    Capability::depends(
        Field::VolumeSize,
        "the size of the claim; a warning on a global volume, whose claim exists",
    ),
    Capability::depends(
        Field::ContainerId,
        "the name of the workload and its Service: lower case, a letter first; rejected where too long or taken",
    ),
    Capability::carried(Field::Service, "a Deployment"),
    Capability::carried(
        Field::Job,
        "a Job, or a CronJob where it repeats; a changed Job must be deleted before it is applied again",
    ),
    Capability::carried(Field::Image, "the image, exactly as written"),
    Capability::carried(Field::Cpus, "a request without a limit, in thousandths of a CPU"),
    Capability::carried(Field::Mem, "request and limit alike, in Mi"),
    Capability::carried(Field::Disk, "a request of ephemeral storage, in Mi"),
    Capability::carried(
        Field::Gpu,
        "a limit of `nvidia.com/gpu`, or of the resource that the option `gpu-resource` names",
    ),
    Capability::depends(
        Field::Instances,
        "the replicas of a Deployment, or the copies of a Job, each with an index and tries of its own (Kubernetes 1.29); a Job has 100,000 at most",
    ),
    Capability::depends(
        Field::Cmd,
        "`command: [/bin/sh, -c, ...]`; a warning of characters that `kubectl apply --server-side` cannot send",
    ),
    Capability::depends(
        Field::Args,
        "`args`, one entry each; a warning of characters that `kubectl apply --server-side` cannot send",
    ),
    Capability::depends(
        Field::Env,
        "`env`; a name beyond letters, digits, `_`, `-` and `.` needs Kubernetes 1.32, one beyond ASCII is rejected",
    ),
    Capability::carried(
        Field::References,
        "the name of the Service; with a port that is not listed, a headless Service of the pods",
    ),
    Capability::depends(
        Field::MountPersistent,
        "a mount of the claim; a path with a colon is rejected",
    ),
    Capability::depends(Field::MountHost, "`hostPath`; rejected where the path has `..`"),
    Capability::carried(Field::MountReadOnly, "`readOnly` of the mount"),
    Capability::depends(
        Field::NetworkHost,
        "`hostNetwork` with the cluster's DNS; a warning where several instances then need a node each",
    ),
    Capability::carried(Field::NetworkBridge, "the pod's own address; ports as listed"),
    Capability::carried(Field::NetworkContainer, "the pod's own address; ports as listed"),
    Capability::carried(
        Field::Ports,
        "a Service of type NodePort, or of the type that the option `expose` names; on the host's network the host's ports themselves",
    ),
    Capability::carried(
        Field::HostPort,
        "the node port where it is in 30000 to 32767 and free, else a `hostPort` of the pod",
    ),
    Capability::carried(Field::PortUdp, "`protocol: UDP`"),
    Capability::depends(
        Field::PortName,
        "the port's name, cleaned; left out with a warning where there is no Service and it is longer than 15 characters",
    ),
    Capability::carried(
        Field::Privileged,
        "`privileged`; the cluster's pod security must allow it in the namespace",
    ),
    Capability::carried(Field::ForcePull, "`imagePullPolicy: Always`"),
    Capability::carried(Field::NoForcePull, "`imagePullPolicy: IfNotPresent`"),
    Capability::carried(
        Field::Dependencies,
        "an init container each, which waits until a pod is ready, or by asking the API server until the job has succeeded; nothing orders the stop",
    ),
    Capability::depends(
        Field::PlacementCloud,
        "the node label that the option `cloud-label` names; without it a warning",
    ),
    Capability::depends(
        Field::PlacementRegion,
        "the node label `topology.kubernetes.io/region`; rejected where it cannot be a label's value",
    ),
    Capability::depends(
        Field::PlacementZone,
        "the node label `topology.kubernetes.io/zone`; rejected where it cannot be a label's value",
    ),
    Capability::depends(
        Field::PlacementHost,
        "the node label `kubernetes.io/hostname`; rejected where it cannot be a label's value",
    ),
    Capability::depends(
        Field::Preemptible,
        "nodes with the label that the option `preemptible-label` names are preferred, or avoided; without it a warning",
    ),
    Capability::carried(
        Field::HealthHttp,
        "`httpGet` of a startup, a liveness and a readiness probe",
    ),
    Capability::carried(
        Field::HealthHttps,
        "`httpGet` with the scheme HTTPS; the certificate is not checked",
    ),
    Capability::carried(
        Field::HealthTcp,
        "`tcpSocket` of a startup, a liveness and a readiness probe",
    ),
    Capability::depends(
        Field::HealthCommand,
        "`exec` of `/bin/sh -c` in the container; a warning of characters that `kubectl apply --server-side` cannot send",
    ),
    Capability::carried(
        Field::HealthTiming,
        "the probes' period, timeout and threshold; the grace period is the startup probe's",
    ),
    Capability::carried(Field::DefaultHealthCheck, "`tcpSocket` on the first TCP port"),
    Capability::depends(
        Field::MinimumCapacity,
        "`maxUnavailable` of the rolling update; a warning where a port of the host leaves no place for one more instance",
    ),
    Capability::carried(
        Field::Retries,
        "`backoffLimit`, for each index where there are several instances",
    ),
    Capability::depends(
        Field::Repeats,
        "a CronJob without end (-1), whose runs never overlap; a number of runs is rejected",
    ),
    Capability::depends(
        Field::StartTime,
        "the first pod waits for it in an init container and holds its resources meanwhile; a schedule counts from it, in full minutes",
    ),
    Capability::depends(
        Field::Interval,
        "the schedule of a CronJob, in UTC; rejected where cron cannot say it exactly",
    ),
];
