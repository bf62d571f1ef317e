//! Networks: an appliance has one, which all its containers are on.

use std::collections::{BTreeMap, BTreeSet};

use super::{Import, Service, lost};
use crate::elsewhere::scalars::{boolean, keys, present, text};
use crate::syntax::{Member, Node};

impl Import<'_, '_> {
    /// Reports networks that keep services apart: an appliance has one network.
    pub(super) fn networks(&mut self) {
        let of = |service: &Service<'_>| -> BTreeSet<String> {
            let named = service.get("networks").map(keys).unwrap_or_default();
            let default = || BTreeSet::from(["default".to_owned()]);
            if named.is_empty() { default() } else { named.into_iter().collect() }
        };
        let is_own = |service: &&Service<'_>| service.get("network_mode").is_none();
        let all: Vec<(&str, BTreeSet<String>)> =
            self.services.iter().filter(is_own).map(|one| (one.name, of(one))).collect();
        let apart =
            apart(all).map(|(one, other)| format!("`{one}` and `{other}` reach each other"));
        let place = self.top.member("networks").map(|member| member.key.span).or_else(|| {
            self.services
                .iter()
                .find_map(|one| one.object.member("networks"))
                .map(|one| one.key.span)
        });
        if let (Some(apart), Some(place)) = (apart, place) {
            self.told.differ(
                place,
                format!("{apart}: all containers of an appliance are on one network"),
                "keep them apart with the means of the target, for example a NetworkPolicy",
            );
        }
        self.options_of_networks();
    }

    /// Reports what is special about the networks that services use.
    fn options_of_networks(&mut self) {
        let networks = present(self.top, "networks").and_then(Node::as_object);
        let mut used = BTreeSet::from(["default".to_owned()]);
        for service in &self.services {
            let Some(node) = service.get("networks") else { continue };
            used.extend(keys(node));
            // The alias of an instance is the name of them all.
            let is_own = service.is_own();
            for Member { value, .. } in node.as_object().iter().flat_map(|all| &all.members) {
                if let Some(options) = value.as_object().filter(|_| !is_own) {
                    lost::report(options, lost::NETWORK_OF_SERVICE, self.told.0);
                }
            }
        }
        for Member { key, value } in networks.iter().flat_map(|all| &all.members) {
            let Some(options) = value.as_object().filter(|_| used.contains(key.value.as_str()))
            else {
                continue;
            };
            let external = present(options, "external");
            if let Some(external) = external.filter(|node| boolean(node) != Some(false)) {
                self.told.lose(
                    external.span,
                    format!(
                        "the network `{}` is one of others: an appliance has its own",
                        key.value
                    ),
                    "reach the others at an address outside the appliance",
                );
                continue;
            }
            lost::report(options, lost::NETWORK, self.told.0);
            // `docker compose config` fills in the name that the network has anyway.
            let name = present(options, "name");
            let is_own = |name: &String| *name != format!("{}_{}", self.project, key.value);
            if let Some((node, name)) = name.and_then(|node| Some((node, text(node)?)))
                && is_own(&name)
            {
                self.told.lose(
                    node.span,
                    format!("the network is not known to others as `{name}`"),
                    "publish the ports that others use",
                );
            }
        }
    }
}

/// The names of the first two services that have no network in common.
fn apart(mut all: Vec<(&str, BTreeSet<String>)>) -> Option<(&str, &str)> {
    // Services with the same networks are the same here, and a network of one of them alone keeps it apart as none does:
    // there are few kinds of many services.
    let mut services: BTreeMap<String, usize> = BTreeMap::new();
    for name in all.iter().flat_map(|(_, networks)| networks) {
        *services.entry(name.clone()).or_default() += 1;
    }
    for (_, networks) in &mut all {
        networks.retain(|name| services.get(name).is_some_and(|count| *count > 1));
    }
    let mut seen: BTreeMap<&BTreeSet<String>, usize> = BTreeMap::new();
    let mut first: Vec<(&str, &BTreeSet<String>)> = Vec::new();
    for (name, networks) in &all {
        let count = seen.entry(networks).or_default();
        *count += 1;
        // Two without a network in common with any other have none in common either.
        if *count == 1 || (networks.is_empty() && *count == 2) {
            first.push((name, networks));
        }
    }
    first.iter().enumerate().find_map(|(at, (one, networks))| {
        let mut others = first.iter().skip(at + 1);
        let other = others.find(|(_, others)| networks.is_disjoint(others));
        other.map(|(other, _)| (*one, *other))
    })
}
