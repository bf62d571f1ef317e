//! Fields of Marathon and Chronos: which the language has no like for, what that means, and the way out.

/// The fields of one kind of object: the name, and for one that is left out what that means and what to do.
pub type Table = &'static [(&'static str, Option<(&'static str, &'static str)>)];

const AGENT: &str = "set it up where the containers run";
const IMAGE: &str = "build it into the image";
const TARGET: &str = "the target decides how it updates and places";

/// Fields of a group.
pub const GROUP: Table = &[
    ("id", None),
    ("apps", None),
    ("groups", None),
    ("version", None),
    (
        "dependencies",
        Some(("the order of groups is left out", "add `dependencies` to the containers")),
    ),
    ("enforceRole", Some(("roles are those of the target", TARGET))),
    ("pods", Some(("pods are left out", "write an app for each of their containers"))),
];

/// Fields of an app.
pub const APP: Table = &[
    ("id", None),
    ("cmd", None),
    ("args", None),
    ("cpus", None),
    ("mem", None),
    ("disk", None),
    ("gpus", None),
    ("instances", None),
    ("container", None),
    ("env", None),
    ("healthChecks", None),
    ("ports", None),
    ("portDefinitions", None),
    ("requirePorts", None),
    ("networks", None),
    ("constraints", None),
    ("dependencies", None),
    ("labels", None),
    ("secrets", None),
    ("upgradeStrategy", None),
    ("taskKillGracePeriodSeconds", None),
    ("user", None),
    // What a running Marathon adds.
    ("version", None),
    ("versionInfo", None),
    ("tasks", None),
    ("tasksStaged", None),
    ("tasksRunning", None),
    ("tasksHealthy", None),
    ("tasksUnhealthy", None),
    ("deployments", None),
    ("acceptedResourceRoles", Some(("it is placed on nodes of any role", "use `schedule_hints`"))),
    ("backoffFactor", Some(("the target waits between starts as it does", TARGET))),
    ("backoffSeconds", Some(("the target waits between starts as it does", TARGET))),
    ("check", Some(("the check of Mesos is left out", "use `health_check`"))),
    ("executor", Some(("the executor is that of the target", TARGET))),
    ("executorResources", Some(("the executor is that of the target", TARGET))),
    ("fetch", Some(("the files are not fetched", IMAGE))),
    ("ipAddress", Some(("the address is given by the target", "use `network_mode`"))),
    ("killSelection", Some(("the target chooses which instance ends first", TARGET))),
    ("maxLaunchDelaySeconds", Some(("the target waits between starts as it does", TARGET))),
    ("readinessChecks", Some(("it is ready when it is healthy", "use `health_check`"))),
    ("residency", Some(("the target keeps its data as it does", "use a persistent volume"))),
    ("resourceLimits", Some(("the limits are those of `resources`", "set `resources`"))),
    ("role", Some(("roles are those of the target", TARGET))),
    ("storeUrls", Some(("the files are not fetched", IMAGE))),
    ("taskRateLimit", Some(("the target starts as fast as it does", TARGET))),
    ("tty", Some(("there is no terminal", "run it by hand if it is to be used by a person"))),
    (
        "unreachableStrategy",
        Some(("the target replaces what it does not reach as it does", TARGET)),
    ),
    ("uris", Some(("the files are not fetched", IMAGE))),
];

/// Fields of a container.
pub const CONTAINER: Table = &[
    ("type", None),
    ("docker", None),
    ("volumes", None),
    ("portMappings", None),
    ("linuxInfo", Some(("the settings of the kernel are those of the target", AGENT))),
];

/// Fields of `docker`.
pub const DOCKER: Table = &[
    ("image", None),
    ("network", None),
    ("portMappings", None),
    ("privileged", None),
    ("forcePullImage", None),
    ("parameters", None),
    ("credential", Some(("the credentials are left out", AGENT))),
    ("config", Some(("the configuration is left out", AGENT))),
    ("pullConfig", Some(("the credentials for the registry are left out", AGENT))),
];

/// Fields of a Chronos job.
pub const JOB: Table = &[
    ("name", None),
    ("command", None),
    ("shell", None),
    ("arguments", None),
    ("schedule", None),
    ("scheduleTimeZone", None),
    ("parents", None),
    ("retries", None),
    ("container", None),
    ("environmentVariables", None),
    ("cpus", None),
    ("mem", None),
    ("disk", None),
    ("gpus", None),
    ("constraints", None),
    ("runAsUser", None),
    // What a running Chronos adds, and texts for people.
    ("successCount", None),
    ("errorCount", None),
    ("lastSuccess", None),
    ("lastError", None),
    ("errorsSinceLastSuccess", None),
    ("description", None),
    ("async", Some(("a job ends when its container ends", "let the command wait"))),
    ("concurrent", Some(("runs do not overlap", TARGET))),
    ("dataProcessingJobType", Some(("it has no effect on other targets", TARGET))),
    ("disabled", Some(("the job is enabled", "set `repeats: 0`, which never runs"))),
    ("epsilon", Some(("a run that is late is started as the target does", TARGET))),
    ("executor", Some(("the executor is that of the target", TARGET))),
    ("executorFlags", Some(("the executor is that of the target", TARGET))),
    ("fetch", Some(("the files are not fetched", IMAGE))),
    ("highPriority", Some(("there are no priorities", TARGET))),
    (
        "maxCompletionTime",
        Some(("a run may take as long as it does", "let the command end itself")),
    ),
    ("owner", Some(("nobody gets mail", AGENT))),
    ("ownerName", Some(("nobody gets mail", AGENT))),
    ("softError", Some(("others wait for its success", "let the command end well"))),
    ("taskInfoData", Some(("it has no effect on other targets", TARGET))),
    ("uris", Some(("the files are not fetched", IMAGE))),
];

/// Fields of a container of a Chronos job.
pub const JOB_CONTAINER: Table = &[
    ("type", None),
    ("image", None),
    ("network", None),
    ("networkName", Some(("the network is the one of the target", AGENT))),
    ("networkInfos", Some(("the network is the one of the target", AGENT))),
    ("volumes", None),
    ("forcePullImage", None),
    ("parameters", None),
];

/// Fields of a health check.
pub const HEALTH: Table = &[
    ("protocol", None),
    ("command", None),
    ("path", None),
    ("port", None),
    ("portIndex", None),
    ("intervalSeconds", None),
    ("timeoutSeconds", None),
    ("gracePeriodSeconds", None),
    ("maxConsecutiveFailures", None),
    (
        "delaySeconds",
        Some(("the first check is when the target makes it", "use `grace_period_seconds`")),
    ),
    (
        "ignoreHttp1xx",
        Some(("a status below 200 fails the check", "answer with a status from 200 to 399")),
    ),
    ("ipProtocol", Some(("the address is the one that the target gives", AGENT))),
];

/// Fields of a port.
pub const PORT: Table = &[
    ("containerPort", None),
    ("hostPort", None),
    ("port", None),
    ("protocol", None),
    ("name", None),
    // Reported one by one.
    ("labels", None),
    (
        "servicePort",
        Some((
            "the load balancer does not know it",
            "give the port a `host_port`, or set up a load balancer",
        )),
    ),
    ("networkNames", Some(("a container is on one network", "use `network_mode`"))),
];

/// Fields of a network.
pub const NETWORK: Table = &[
    ("mode", None),
    ("name", Some(("the network is the one of the target", AGENT))),
    ("labels", Some(("the network is the one of the target", AGENT))),
];

/// Fields of `upgradeStrategy`.
pub const UPGRADE: Table = &[
    ("minimumHealthCapacity", None),
    (
        "maximumOverCapacity",
        Some(("how many more run during an update is what the target does", TARGET)),
    ),
];

/// Fields of a volume.
pub const VOLUME: Table = &[
    ("containerPath", None),
    ("hostPath", None),
    ("mode", None),
    ("persistent", None),
    ("external", None),
    ("secret", None),
];

/// Fields of `persistent`.
pub const PERSISTENT: Table = &[
    ("size", None),
    (
        "type",
        Some((
            "the disk is the one that the target chooses",
            "set `volume_type` where the target has several",
        )),
    ),
    ("maxSize", Some(("the volume has the size `size`", "set `size` of the volume"))),
    ("constraints", Some(("the disk is the one that the target chooses", AGENT))),
    ("profileName", Some(("the disk is the one that the target chooses", AGENT))),
];

const CREATE: &str = "create the volume before";

/// Fields of `external`.
pub const EXTERNAL: Table = &[
    ("name", None),
    ("provider", Some(("the driver is the one of the target", CREATE))),
    ("options", Some(("the driver gets no options", CREATE))),
    ("size", Some(("the volume has the size that it has", CREATE))),
];
