//! The arguments that several commands share.

use std::path::PathBuf;

use applc::overlay::Changes;
use clap::Args;

/// The environments of the project to work in.
#[derive(Debug, Args)]
pub struct EnvironmentArguments {
    /// Environment of the project; repeatable for whole projects. Default: all of a project, none for a
    /// single file
    #[arg(id = "environment", long = "env", value_name = "NAME")]
    pub names: Vec<String>,
}

impl EnvironmentArguments {
    /// The environment for one file.
    ///
    /// # Errors
    /// A message, if there are several.
    pub fn one(&self) -> Result<Option<&str>, String> {
        match self.names.as_slice() {
            [] => Ok(None),
            [name] => Ok(Some(name)),
            _ => Err("a file is read in one environment; several are for projects".to_owned()),
        }
    }
}

/// Where the project file is.
#[derive(Debug, Default, Args)]
pub struct ProjectArguments {
    /// Project file, or its folder, to use whoever owns it. Default: those of the folder and of folders above,
    /// up to the root of the repository
    #[arg(long, value_name = "FILE", conflicts_with = "no_project")]
    pub project: Option<PathBuf>,

    /// Use no project file
    #[arg(long)]
    pub no_project: bool,
}

/// How strict the lock file is.
#[derive(Debug, Default, Args)]
pub struct LockedArguments {
    /// Fail if an image of the project is not in `applc.lock`, or an entry of it is unused
    #[arg(long)]
    pub locked: bool,
}

/// What is changed in the appliance.
#[derive(Debug, Default, Args)]
pub struct OverlayArguments {
    /// File with what differs from the appliance; repeatable, each is applied to the result of those
    /// before it
    #[arg(long = "overlay", value_name = "FILE")]
    pub overlays: Vec<String>,
}

impl OverlayArguments {
    /// The changes for the library.
    pub fn changes(&self) -> Changes {
        Changes { overlays: self.overlays.clone(), ..Changes::none() }
    }
}

/// The targets and their options.
#[derive(Debug, Args)]
pub struct TargetArguments {
    /// Target to compile for: a name (see `applc targets`) or the folder of a custom target;
    /// repeatable
    #[arg(short = 't', long = "target", value_name = "NAME|DIR")]
    pub names: Vec<String>,

    /// Set an option of a target, for example `kubernetes.expose=load-balancer`; repeatable (see
    /// `applc targets NAME`)
    #[arg(long = "option", value_name = "TARGET.OPTION=VALUE")]
    pub options: Vec<String>,
}
