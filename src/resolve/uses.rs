//! The fields that an appliance uses, for which each target must state its support.

use crate::plan::{
    Command, Container, Extras, Field, HealthCheck, Kind, MountSource, NetworkMode, PlacementLevel,
    Plan, Probe, Transport, Use, Volume, VolumeScope,
};
use crate::source::Span;

/// Every use of a field: those of the appliance, then those of each container.
pub fn of(plan: &Plan) -> Vec<Use> {
    /// Most containers use fewer fields.
    const USUAL: usize = 16;
    let found = Vec::with_capacity(plan.containers.len().saturating_mul(USUAL));
    let mut uses = Uses { found };
    uses.add(Field::ApplianceId, plan.id.span);
    let volume_type = plan.volumes.first().and_then(|volume| volume.volume_type.as_ref());
    uses.when(volume_type.map(|written| written.span), Field::VolumeType);
    for volume in &plan.volumes {
        uses.volume(volume);
    }
    for container in &plan.containers {
        uses.container(container);
    }
    uses.found
}

/// Collects uses.
struct Uses {
    found: Vec<Use>,
}

impl Uses {
    fn add(&mut self, field: Field, span: Span) {
        self.found.push(Use { field, span });
    }

    fn when(&mut self, span: Option<Span>, field: Field) {
        if let Some(span) = span {
            self.add(field, span);
        }
    }

    fn volume(&mut self, volume: &Volume) {
        // Destructured without `..`, so that a new field does not compile until it is handled.
        let Volume { id, scope, volume_type: _, size, placement, preemptible, mounted_by: _ } =
            volume;
        let field = match scope.value {
            VolumeScope::Local => Field::VolumeLocal,
            VolumeScope::Global => Field::VolumeGlobal,
        };
        self.add(field, id.span);
        self.when(size.map(|size| size.span), Field::VolumeSize);
        let hints = placement.as_ref().map(|placement| placement.name.span);
        self.when(hints.or(preemptible.map(|p| p.span)), Field::VolumeHints);
    }

    fn container(&mut self, container: &Container) {
        let Container {
            id,
            kind,
            kind_span: _,
            image,
            resources,
            instances,
            command,
            extras: _,
            env,
            mounts,
            network,
            ports,
            privileged,
            force_pull,
            dependencies,
            placement,
            preemptible,
            level: _,
            referrers: _,
        } = container;
        self.add(Field::ContainerId, id.span);
        self.kind(kind, id.span);
        self.add(Field::Image, image.span);
        self.add(Field::Cpus, resources.cpus.span);
        self.add(Field::Mem, resources.mem.span);
        self.when((resources.disk.value > 0).then_some(resources.disk.span), Field::Disk);
        self.when((resources.gpu.value > 0).then_some(resources.gpu.span), Field::Gpu);
        self.when((instances.value != 1).then_some(instances.span), Field::Instances);
        match command {
            Command::Shell(script) => self.add(Field::Cmd, script.span),
            Command::Image(args) => self.when(args.first().map(|arg| arg.span), Field::Args),
            Command::Program(program) => {
                self.when(program.entrypoint.first().map(|word| word.span), Field::Entrypoint);
                self.when(program.args.first().map(|arg| arg.span), Field::Args);
            }
        }
        self.extras(container.extras());
        self.when(env.first().map(|var| var.name.span), Field::Env);
        self.when(container.references().next().map(|r| r.span), Field::References);
        for mount in mounts {
            match &mount.source {
                MountSource::Host(path) if mount.beside().is_some() => {
                    self.add(Field::MountBeside, path.span);
                }
                MountSource::Host(path) => self.add(Field::MountHost, path.span),
                MountSource::Persistent(volume) => self.add(Field::MountPersistent, volume.span),
            }
            let read_only = mount.read_only.value.then_some(mount.read_only.span);
            self.when(read_only, Field::MountReadOnly);
        }
        let mode = match network.value {
            NetworkMode::Host => Field::NetworkHost,
            NetworkMode::Bridge => Field::NetworkBridge,
            NetworkMode::Container => Field::NetworkContainer,
        };
        self.add(mode, network.span);
        self.when(ports.first().map(|port| port.container_port.span), Field::Ports);
        for port in ports {
            let fixed = port.host_port.value != 0;
            self.when(fixed.then_some(port.host_port.span), Field::HostPort);
            let udp = port.transport.value == Transport::Udp;
            self.when(udp.then_some(port.transport.span), Field::PortUdp);
            self.when(port.name.as_ref().map(|name| name.span), Field::PortName);
            self.when(port.internal.value.then_some(port.internal.span), Field::PortInternal);
        }
        self.when(privileged.value.then_some(privileged.span), Field::Privileged);
        let pull = if force_pull.value { Field::ForcePull } else { Field::NoForcePull };
        self.add(pull, force_pull.span);
        self.when(dependencies.first().map(|d| d.span), Field::Dependencies);
        if let Some(placement) = placement {
            let field = match placement.level {
                PlacementLevel::Cloud => Field::PlacementCloud,
                PlacementLevel::Region => Field::PlacementRegion,
                PlacementLevel::Zone => Field::PlacementZone,
                PlacementLevel::Host => Field::PlacementHost,
            };
            self.add(field, placement.name.span);
        }
        self.when(preemptible.map(|p| p.span), Field::Preemptible);
    }

    fn extras(&mut self, extras: &Extras) {
        let Extras {
            user,
            working_dir,
            stop_timeout,
            labels,
            build,
            files,
            secret_env,
            secret_files,
        } = extras;
        self.when(build.as_ref().map(|build| build.context.span), Field::Build);
        self.when(user.as_ref().map(|user| user.span), Field::User);
        self.when(working_dir.as_ref().map(|path| path.span), Field::WorkingDir);
        self.when(stop_timeout.map(|seconds| seconds.span), Field::StopTimeout);
        self.when(labels.first().map(|label| label.name.span), Field::Labels);
        self.when(files.first().map(|file| file.dest.span), Field::Files);
        self.when(secret_env.first().map(|variable| variable.name.span), Field::SecretEnv);
        self.when(secret_files.first().map(|file| file.dest.span), Field::SecretFiles);
    }

    fn kind(&mut self, kind: &Kind, id: Span) {
        match kind {
            Kind::Service(service) => {
                self.add(Field::Service, id);
                if let Some(health) = &service.health {
                    self.health(health);
                }
                let capacity = service.minimum_capacity;
                self.when((capacity.value > 0.0).then_some(capacity.span), Field::MinimumCapacity);
            }
            Kind::Job(job) => {
                self.add(Field::Job, id);
                self.add(Field::Retries, job.retries.span);
                if let Some(schedule) = &job.schedule {
                    self.add(Field::Schedule, schedule.cron.span);
                    let zone = schedule.time_zone.as_ref();
                    self.when(zone.map(|zone| zone.span), Field::TimeZone);
                    return;
                }
                let repeating = job.is_repeating();
                self.when(repeating.then_some(job.repeats.span), Field::Repeats);
                self.when(job.start.as_ref().map(|start| start.span), Field::StartTime);
                self.when(repeating.then_some(job.interval.span), Field::Interval);
            }
        }
    }

    fn health(&mut self, health: &HealthCheck) {
        let field = match &health.probe {
            Probe::Http { tls: false, .. } => Field::HealthHttp,
            Probe::Http { tls: true, .. } => Field::HealthHttps,
            Probe::Tcp { .. } => Field::HealthTcp,
            Probe::Command(_) => Field::HealthCommand,
        };
        self.add(field, health.protocol.span);
        self.add(Field::HealthTiming, health.span);
        if health.is_default {
            self.add(Field::DefaultHealthCheck, health.span);
        }
    }
}
