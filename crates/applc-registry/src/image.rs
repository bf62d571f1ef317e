//! What to ask which registry for.

/// An image with a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The registry, as references name it: `docker.io`, `registry.example.org:5000`.
    pub registry: String,
    /// The repository in it.
    pub repository: String,
    /// The tag.
    pub tag: String,
}

impl Image {
    /// Reads an image in its normal form, such as `docker.io/library/redis:7.4`. `None` if a part is missing.
    pub fn read(normal: &str) -> Option<Image> {
        let (registry, rest) = normal.split_once('/')?;
        let (repository, tag) = rest.rsplit_once(':')?;
        let part = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Some(Image { registry: part(registry)?, repository: part(repository)?, tag: part(tag)? })
    }

    /// The address of the API for this registry, without a slash at the end. Docker Hub has another one than its name
    /// says, and registries on loopback have no TLS, unless at the port of HTTPS.
    pub(crate) fn base(&self) -> String {
        let registry = match self.registry.as_str() {
            "docker.io" => "registry-1.docker.io",
            registry => registry,
        };
        let scheme = if self.is_local() { "http" } else { "https" };
        format!("{scheme}://{registry}/v2/{}", self.repository)
    }

    /// Whether the registry is on loopback and has no TLS.
    pub(crate) fn is_local(&self) -> bool {
        let host = match self.registry.rsplit_once(':') {
            Some((_, "443")) => return false,
            Some((host, _)) if !self.registry.ends_with(']') => host,
            _ => &self.registry,
        };
        is_loopback(host)
    }
}

/// Whether a host is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let address = address.parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_have_three_parts() {
        let read = |text: &str| {
            let image = Image::read(text)?;
            Some([image.registry, image.repository, image.tag].join(" "))
        };
        let found = read("docker.io/library/redis:7.4");
        assert_eq!(found.as_deref(), Some("docker.io library/redis 7.4"));
        assert_eq!(read("r:5000/a/b:c").as_deref(), Some("r:5000 a/b c"));
        assert_eq!(read("[::1]:5000/a:c").as_deref(), Some("[::1]:5000 a c"));
        assert_eq!([read("redis:7"), read("r:5000/a"), read("r/a:")], [None, None, None]);
    }

    #[test]
    fn only_loopback_is_asked_without_tls() {
        let base = |registry: &str| Image::read(&format!("{registry}/a:1")).unwrap().base();
        assert_eq!(base("docker.io"), "https://registry-1.docker.io/v2/a");
        for local in ["localhost:5000", "127.0.0.1:5000", "127.9.0.1", "[::1]:5000", "localhost"] {
            assert_eq!(base(local), format!("http://{local}/v2/a"));
        }
        for other in ["localhost:443", "r.example", "10.0.0.1:5000", "localhost.example", "[::2]"] {
            assert_eq!(base(other), format!("https://{other}/v2/a"));
        }
    }
}
