//! From the plan to the published plan.

use std::collections::{BTreeMap, HashSet};

use ecow::EcoString;

use super::VERSION;
use super::form::Form;
use super::shape::{
    Appliance, Build, BuildArgument, Container, Dependency, File, HealthCheck, Interval, Job,
    Label, Mount, Placement, Port, Published, Reference, Resources, Schedule, SecretFile,
    SecretVariable, Variable, Volume,
};
use crate::plan::{
    self, Command, ContainerId, Extras, Kind, MountSource, PlacementLevel, Plan, Probe, Repeats,
    StartTime, Text,
};
use crate::source::{Span, Spanned};

/// Returns the plan with names and strings in another form.
pub fn publish<F: Form>(plan: &Plan, form: &F) -> Published<F::Word, F::Text> {
    Published { version: VERSION, appliance: Publisher { plan, form }.appliance() }
}

struct Publisher<'a, F> {
    plan: &'a Plan,
    form: &'a F,
}

impl<F: Form> Publisher<'_, F> {
    fn appliance(&self) -> Appliance<F::Word, F::Text> {
        let Plan { id, containers, volumes, start_order, uses: _ } = self.plan;
        let mut levels: BTreeMap<usize, Vec<ContainerId>> = BTreeMap::new();
        for (at, container) in containers.iter().enumerate() {
            levels.entry(container.level).or_default().push(at);
        }
        let containers = containers.iter().map(|container| self.container(container)).collect();
        let volumes = volumes.iter().map(|volume| self.volume(volume)).collect();
        self.form.begin(id.span);
        let ids = |ids: &[ContainerId]| -> Vec<F::Word> {
            ids.iter()
                .filter_map(|id| self.plan.containers.get(*id))
                .map(|c| self.word(&c.id))
                .collect()
        };
        Appliance {
            name: self.form.name(&id.value, id.span, None),
            id: self.word(id),
            containers,
            volumes,
            start_order: ids(start_order),
            levels: levels.values().map(|level| ids(level)).collect(),
        }
    }

    fn word(&self, text: &Spanned<EcoString>) -> F::Word {
        self.form.word(&text.value, text.span, None)
    }

    /// A container by id, as a place of the source names it.
    fn reference(
        &self,
        to: ContainerId,
        port: Option<u16>,
        from: Span,
    ) -> Option<Reference<F::Word>> {
        let id = &self.plan.containers.get(to)?.id;
        let also = Some(id.span);
        Some(Reference {
            name: self.form.name(&id.value, from, also),
            id: self.form.word(&id.value, from, also),
            port,
        })
    }

    /// References, each container and port once.
    fn references(
        &self,
        references: impl Iterator<Item = (ContainerId, Option<u16>, Span)>,
    ) -> Vec<Reference<F::Word>> {
        let mut seen = HashSet::new();
        references
            .filter(|(to, port, _)| seen.insert((*to, *port)))
            .filter_map(|(to, port, from)| self.reference(to, port, from))
            .collect()
    }

    fn container(&self, container: &plan::Container) -> Container<F::Word, F::Text> {
        // Destructured without `..`, so that a new field does not compile until it is handled.
        let plan::Container {
            id,
            kind,
            kind_span,
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
            level,
            referrers,
        } = container;
        let form = self.form;
        form.begin(id.span);
        let texts = |texts: &[Text]| texts.iter().map(|text| form.text(text)).collect();
        let (cmd, entrypoint, args) = match command {
            Command::Shell(script) => (Some(form.text(script)), Vec::new(), Vec::new()),
            Command::Image(args) => (None, Vec::new(), texts(args)),
            Command::Program(program) => (None, texts(&program.entrypoint), texts(&program.args)),
        };
        let Extras {
            user,
            working_dir,
            stop_timeout,
            labels,
            build,
            files,
            secret_env,
            secret_files,
        } = container.extras();
        let (health_check, minimum_capacity, job) = match kind {
            Kind::Service(plan::Service { health, minimum_capacity }) => {
                let check = health.as_ref().map(|health| self.health_check(container, health));
                (check, Some(minimum_capacity.value), None)
            }
            Kind::Job(job) => (None, None, Some(self.job(container, job))),
        };
        Container {
            id: self.word(id),
            name: form.name(&id.value, id.span, None),
            kind: form.choice(
                if job.is_some() { "job" } else { "service" },
                *kind_span,
                id.span,
                &"containers[].type",
            ),
            image: self.word(image),
            resources: Resources {
                cpus: resources.cpus.value,
                mem: resources.mem.value,
                disk: resources.disk.value,
                gpu: resources.gpu.value,
            },
            instances: instances.value,
            cmd,
            args,
            entrypoint,
            user: user.as_ref().map(|user| self.word(user)),
            working_dir: working_dir.as_ref().map(|path| self.word(path)),
            stop_timeout: value(stop_timeout.as_ref()),
            labels: labels
                .iter()
                .map(|plan::Label { name, value }| Label {
                    name: self.word(name),
                    value: self.word(value),
                })
                .collect(),
            build: build.as_ref().map(|build| self.build(build)),
            files: files.iter().map(|file| self.file(file)).collect(),
            env: env
                .iter()
                .map(|plan::EnvVar { name, value }| Variable {
                    name: self.word(name),
                    value: form.text(value),
                })
                .collect(),
            secret_env: secret_env.iter().map(|variable| self.secret_variable(variable)).collect(),
            secret_files: secret_files.iter().map(|file| self.secret_file(file)).collect(),
            mounts: mounts.iter().map(|mount| self.mount(mount)).collect(),
            network_mode: form.choice(
                match network.value {
                    plan::NetworkMode::Host => "host",
                    plan::NetworkMode::Bridge => "bridge",
                    plan::NetworkMode::Container => "container",
                },
                network.span,
                id.span,
                &"containers[].network_mode",
            ),
            ports: ports.iter().map(|port| self.port(port)).collect(),
            privileged: privileged.value,
            force_pull: force_pull.value,
            dependencies: dependencies
                .iter()
                .filter_map(|dependency| self.dependency(dependency))
                .collect(),
            placement: self.placement(placement.as_deref()),
            preemptible: value(preemptible.as_ref()),
            level: *level,
            references: self
                .references(container.references().map(|to| (to.to(), to.port, to.span))),
            referrers: self
                .references(referrers.iter().map(|from| (from.from(), from.port, from.span))),
            health_check,
            minimum_capacity,
            job,
        }
    }

    fn dependency(&self, dependency: &plan::Dependency) -> Option<Dependency<F::Word>> {
        let plan::Dependency { on, span } = dependency;
        let container = self.plan.containers.get(*on)?;
        let condition = match &container.kind {
            Kind::Job(_) => "completed",
            Kind::Service(service) if service.health.is_some() => "healthy",
            Kind::Service(_) => "started",
        };
        let Reference { id, name, port: _ } = self.reference(*on, None, *span)?;
        Some(Dependency { id, name, condition })
    }

    fn build(&self, build: &plan::Build) -> Build<F::Word> {
        let plan::Build { context, dockerfile, args, target } = build;
        let argument = |plan::BuildArgument { name, value }: &plan::BuildArgument| BuildArgument {
            name: self.word(name),
            value: self.word(value),
        };
        Build {
            context: self.word(context),
            dockerfile: dockerfile.as_ref().map(|path| self.word(path)),
            args: args.iter().map(argument).collect(),
            target: target.as_ref().map(|stage| self.word(stage)),
        }
    }

    fn file(&self, file: &plan::File) -> File<F::Word, F::Text> {
        let plan::File { dest, source, content: _, mode } = file;
        File {
            dest: self.word(dest),
            content: file.text().map(|text| self.form.text(text)),
            source: source.as_ref().map(|path| self.word(path)),
            mode: self.form.choice(
                &format!("{:04o}", mode.value),
                mode.span,
                dest.span,
                &"containers[].files[].mode",
            ),
        }
    }

    fn secret_variable(&self, variable: &plan::SecretVariable) -> SecretVariable<F::Word> {
        let plan::SecretVariable { name, value: plan::SecretValue { secret, key } } = variable;
        SecretVariable { name: self.word(name), secret: self.word(secret), key: self.word(key) }
    }

    fn secret_file(&self, file: &plan::SecretFile) -> SecretFile<F::Word> {
        let plan::SecretFile { dest, value: plan::SecretValue { secret, key }, mode } = file;
        SecretFile {
            dest: self.word(dest),
            secret: self.word(secret),
            key: self.word(key),
            mode: self.form.choice(
                &format!("{:04o}", mode.value),
                mode.span,
                dest.span,
                &"containers[].secret_files[].mode",
            ),
        }
    }

    fn mount(&self, mount: &plan::Mount) -> Mount<F::Word> {
        let plan::Mount { source, target, read_only } = mount;
        let (kind, source, name) = match source {
            MountSource::Host(path) => ("host", self.word(path), None),
            MountSource::Persistent(volume) => {
                let id = self.plan.volumes.get(volume.value).map(|volume| &volume.id);
                let (id, also) = id.map_or(("", None), |id| (id.value.as_str(), Some(id.span)));
                let name = self.form.name(id, volume.span, also);
                ("persistent", self.form.word(id, volume.span, also), Some(name))
            }
        };
        Mount { kind, source, name, target: self.word(target), read_only: read_only.value }
    }

    fn health_check(
        &self,
        container: &plan::Container,
        check: &plan::HealthCheck,
    ) -> HealthCheck<F::Word, F::Text> {
        let plan::HealthCheck { span, is_default: _, protocol: written, probe, timing } = check;
        let port = |index: &Spanned<usize>| {
            container.ports.get(index.value).map(|p| p.container_port.value)
        };
        let (protocol, port, path, command) = match probe {
            Probe::Http { tls, path, port: index } => (
                if *tls { "https" } else { "http" },
                port(index),
                Some(self.form.choice(
                    &path.value,
                    path.span,
                    *span,
                    &"containers[].health_check.path",
                )),
                None,
            ),
            Probe::Tcp { port: index } => ("tcp", port(index), None, None),
            Probe::Command(command) => ("command", None, None, Some(self.form.text(command))),
        };
        HealthCheck {
            protocol: self.form.choice(
                protocol,
                written.span,
                *span,
                &"containers[].health_check.protocol",
            ),
            port,
            path,
            command,
            grace_period_seconds: timing.grace.value,
            interval_seconds: timing.interval.value,
            timeout_seconds: timing.timeout.value,
            max_consecutive_failures: timing.max_failures.value,
        }
    }

    fn volume(&self, volume: &plan::Volume) -> Volume<F::Word> {
        let plan::Volume { id, scope, volume_type, size, placement, preemptible, mounted_by } =
            volume;
        self.form.begin(id.span);
        let users = mounted_by.iter().filter_map(|user| self.plan.containers.get(*user));
        let scope_name = match scope.value {
            plan::VolumeScope::Local => "local",
            plan::VolumeScope::Global => "global",
        };
        Volume {
            id: self.word(id),
            name: self.form.name(&id.value, id.span, None),
            scope: self.form.word(scope_name, scope.span, None),
            volume_type: volume_type.as_ref().map(|written| self.word(written)),
            size: value(size.as_ref()),
            placement: self.placement(placement.as_ref()),
            preemptible: value(preemptible.as_ref()),
            mounted_by: users.map(|user| self.word(&user.id)).collect(),
        }
    }

    fn port(&self, port: &plan::Port) -> Port<F::Word> {
        let plan::Port { container_port, host_port, transport, name, internal } = port;
        Port {
            container_port: container_port.value,
            host_port: Some(host_port.value).filter(|port| *port != 0),
            protocol: self.form.choice(
                transport.value.name(),
                transport.span,
                container_port.span,
                &"containers[].ports[].protocol",
            ),
            name: name.as_ref().map(|name| self.word(name)),
            internal: internal.value,
        }
    }

    fn placement(&self, placement: Option<&plan::Placement>) -> Option<Placement<F::Word>> {
        placement.map(|plan::Placement { level, name }| Placement {
            level: match level {
                PlacementLevel::Cloud => "cloud",
                PlacementLevel::Region => "region",
                PlacementLevel::Zone => "zone",
                PlacementLevel::Host => "host",
            },
            name: self.word(name),
        })
    }

    fn job(&self, container: &plan::Container, job: &plan::Job) -> Job<F::Word> {
        let plan::Job { retries, repeats, start, interval, schedule } = job;
        let plan::Interval { text, months, days, seconds } = &interval.value;
        let time = |start: &Spanned<StartTime>| self.form.word(&start.value.text, start.span, None);
        Job {
            retries: retries.value,
            repeats: match repeats.value {
                Repeats::Times(times) => i64::from(times),
                Repeats::Forever => -1,
            },
            start_time: start.as_ref().map(time),
            interval: Interval {
                text: self.form.choice(
                    text,
                    interval.span,
                    container.id.span,
                    &"containers[].interval",
                ),
                months: *months,
                days: *days,
                seconds: *seconds,
            },
            schedule: schedule.as_ref().map(|schedule| self.schedule(container, schedule)),
        }
    }

    fn schedule(&self, container: &plan::Container, of: &plan::Schedule) -> Schedule<F::Word> {
        let cron = &of.cron;
        let zone = of.time_zone.as_ref().map_or(container.id.span, |zone| zone.span);
        Schedule {
            text: self.form.word(&cron.value.text, cron.span, None),
            line: self.form.word(&cron.value.line(), cron.span, None),
            time_zone: self.form.choice(
                of.zone(),
                zone,
                container.id.span,
                &"containers[].time_zone",
            ),
        }
    }
}

fn value<V: Clone>(spanned: Option<&Spanned<V>>) -> Option<V> {
    spanned.map(|spanned| spanned.value.clone())
}
