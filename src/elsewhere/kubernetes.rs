//! Fields of Kubernetes, in pods and their containers, that the language has no like for.

const PORTS: &str = "list `ports`; the target publishes them";
const CHECK: &str = "use `health_check`, which serves as readiness and liveness probe";
const PLACE: &str = "use `schedule_hints`";
const POD: &str = "write the fields of each container into an item of `containers`";

/// The name of a field, and what to do instead.
pub const FIELDS: &[(&str, &str)] = &[
    ("affinity", PLACE),
    ("automountServiceAccountToken", "pods get no token"),
    ("dnsPolicy", "names are resolved by the target"),
    ("envFrom", "write each variable into `env`, and those of a Secret into `secret_env`"),
    ("hostNetwork", "set `network_mode` to `host`"),
    ("imagePullPolicy", "set `force_pull_image`: `true` is `Always`, `false` is `IfNotPresent`"),
    ("imagePullSecrets", "let the nodes or the service account log in to the registry"),
    ("ingress", "list `ports`, and put an ingress in front of them yourself"),
    ("initContainers", "make it a job, and name it in the `dependencies` of this container"),
    (
        "lifecycle",
        "run what comes first as a job that this container depends on, and set `stop_timeout` for what comes last",
    ),
    ("livenessProbe", CHECK),
    ("matchLabels", "applc labels the pods"),
    ("metadata", "set `id` and `labels`"),
    ("nodeName", PLACE),
    ("nodeSelector", PLACE),
    ("podAffinity", PLACE),
    ("priorityClassName", "priorities are set up where the containers run"),
    ("readinessProbe", CHECK),
    ("resourceQuota", "set `resources`"),
    (
        "restartPolicy",
        "a service is started again whenever it ends, and a job is retried `retries` times",
    ),
    ("runtimeClassName", "the runtime is that of the cluster"),
    (
        "securityContext",
        "use `user` for `runAsUser` and `runAsGroup`, and `is_privileged` for `privileged`",
    ),
    ("selector", "applc selects pods by labels of its own"),
    ("serviceAccountName", "pods run with the service account of the namespace"),
    ("spec", POD),
    ("startupProbe", "use `health_check` with `grace_period_seconds`"),
    ("stdin", "run it by hand if it is to be used by a person"),
    ("strategy", "`minimum_capacity` says how many instances go on running during an update"),
    ("template", POD),
    ("tolerations", PLACE),
    ("topologySpreadConstraints", PLACE),
    (
        "volumeClaimTemplates",
        "declare the volume in `data_persistence`, and mount it with `volumes`",
    ),
    ("volumeDevices", "mount a volume with `volumes`"),
    ("volumeMounts", "use `volumes`, with `src` for the volume and `dest` for the path"),
    ("service", PORTS),
];
