//! The options of the target.

use crate::targets::{OptionKind, OptionSpec};

/// The option that names the device driver for GPUs.
pub const GPU_DRIVER: &str = "gpu-driver";
/// The option that names the folder of the appliance.
pub const PROJECT_DIRECTORY: &str = "project-directory";
/// The option for the seconds between checks in the grace period.
pub const START_INTERVAL: &str = "start-interval";
/// The option that names the volume driver.
pub const VOLUME_DRIVER: &str = "volume-driver";

/// The default volume driver: the engine's own, which stores volumes on the machine's disk.
pub const DEFAULT_VOLUME_DRIVER: &str = "local";

/// The options of the target.
pub static OPTIONS: &[OptionSpec<'static>] = &[
    OptionSpec {
        name: GPU_DRIVER,
        kind: OptionKind::Text,
        default: "nvidia",
        meaning: "the engine's device driver for GPUs",
    },
    OptionSpec {
        name: PROJECT_DIRECTORY,
        kind: OptionKind::Text,
        default: "",
        meaning: "the folder of the appliance, absolute or relative to that of the Compose file: what the Compose file refers to beside the appliance is there, such as the folders of images that are built; without it, the folder of the Compose file; `applc up` sets it",
    },
    OptionSpec {
        name: START_INTERVAL,
        kind: OptionKind::Integer(0, 3600),
        default: "0",
        meaning: "seconds between health checks in the grace period, so that dependents start sooner; 0 uses the normal interval; requires Docker Engine 25",
    },
    OptionSpec {
        name: VOLUME_DRIVER,
        kind: OptionKind::Text,
        default: DEFAULT_VOLUME_DRIVER,
        meaning: "the engine's volume driver for project volumes",
    },
];
