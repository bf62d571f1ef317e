//! The table of diagnostic codes.
//!
//! The id of a code is never reused, not even after the code is removed. The letter is the
//! default level (`E` error, `W` warning, `H` hint), the first two digits are the phase.

use super::Level;

/// A kind of finding.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// The stable id, such as `E0301`.
    pub id: &'static str,
    /// The name in upper case, such as `UNKNOWN_REFERENCE`.
    pub name: &'static str,
    /// The default level of findings of this kind.
    pub level: Level,
    /// A summary in one line.
    pub summary: &'static str,
}

macro_rules! codes {
    ($($name:ident $id:literal $level:ident $summary:literal;)*) => {
        $(
            #[doc = concat!("`", $id, "`: ", $summary, ".")]
            pub static $name: Code = Code {
                id: $id,
                name: stringify!($name),
                level: Level::$level,
                summary: $summary,
            };
        )*
        /// All codes, in the order of the table.
        pub static ALL: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    // Source: bytes that are not a document.
    NOT_UTF8 "E0001" Error "invalid UTF-8";
    TOO_LARGE "E0002" Error "file too large";
    UNREADABLE "E0003" Error "unreadable file";
    TOO_MANY "W0002" Warning "too many findings";

    // Syntax: JSON and YAML.
    UNEXPECTED_TOKEN "E0101" Error "unexpected token";
    MISSING_COMMA "E0102" Error "missing comma";
    MISSING_COLON "E0103" Error "missing colon";
    MISSING_VALUE "E0104" Error "missing value";
    UNCLOSED "E0105" Error "unclosed or mismatched bracket";
    BAD_STRING "E0106" Error "invalid string";
    BAD_NUMBER "E0107" Error "invalid number";
    BARE_WORD "E0108" Error "unquoted word";
    TRAILING_CONTENT "E0109" Error "content after the end of the document";
    DUPLICATE_KEY "E0110" Error "duplicate key";
    EMPTY_DOCUMENT "E0111" Error "empty document";
    TOO_DEEP "E0112" Error "too deeply nested brackets";
    EXTRA_COMMA "E0113" Error "extra comma";
    BAD_YAML "E0114" Error "invalid or unsupported YAML";
    BAD_TOML "E0115" Error "invalid TOML";
    COMMENT_IN_JSON "W0101" Warning "comment in a `.json` file";
    TRAILING_COMMA "W0102" Warning "trailing comma in a `.json` file";

    // Schema: the structure of the language.
    UNKNOWN_FIELD "E0201" Error "unknown field";
    WRONG_TYPE "E0202" Error "type mismatch";
    MISSING_FIELD "E0203" Error "missing field";
    BAD_ENUM "E0204" Error "invalid value";
    OUT_OF_RANGE "E0205" Error "value or length out of range";
    BAD_FORMAT "E0206" Error "invalid string format";
    WRONG_KIND "E0207" Error "field not valid for this kind of container or health check";
    EXCLUSIVE_FIELDS "E0208" Error "mutually exclusive fields";
    REPEATED_ITEM "E0209" Error "duplicate item in a list of unique items";
    OLD_VOLUME_FORM "W0201" Warning "volume in the form of older PIVOT versions";
    OBSOLETE_FIELD "W0202" Warning "obsolete field without effect";
    NO_SCHEDULER "W0203" Warning "unsupported scheduler plug-in";
    READ_ONLY_FIELD "H0201" Hint "ignored field of a running system";

    // Resolving: what the parts of the appliance say of each other.
    UNKNOWN_REFERENCE "E0301" Error "a reference to a container that is not in the appliance";
    UNKNOWN_DEPENDENCY "E0302" Error "a dependency on a container that is not in the appliance";
    DUPLICATE_ID "E0303" Error "two containers have the same id";
    DEPENDENCY_CYCLE "E0304" Error "containers depend on each other in a circle";
    SELF_DEPENDENCY "E0305" Error "a container depends on itself";
    DUPLICATE_PORT "E0306" Error "one container port is listed twice";
    HOST_PORT_CLASH "E0307" Error "two containers claim the same port of the host";
    HOST_MODE_PORT "E0308" Error "a container on the host's network cannot map a port to another";
    UNKNOWN_VOLUME "E0309" Error "a mount of a persistent volume that is not declared";
    DUPLICATE_VOLUME "E0310" Error "two persistent volumes have the same id";
    DUPLICATE_MOUNT "E0311" Error "two volumes are mounted at the same place";
    BAD_PORT_INDEX "E0312" Error "a health check names a port that the container does not list";
    BAD_START_TIME "E0313" Error "a start time that is not an RFC 3339 date and time";
    BAD_INTERVAL "E0314" Error "an interval that is not an ISO 8601 duration";
    UNUSED_VOLUME "W0301" Warning "a persistent volume that nothing mounts";
    NO_PORT_TO_CHECK "W0302" Warning "a default health check without a TCP port to check";
    FIXED_PORT_INSTANCES "W0303" Warning "a fixed port of the host with several instances";
    UNDECLARED_PORT "H0301" Hint "a reference to a port that the other container does not list";
    MONTHS_NOT_MINUTES "H0302" Hint "an interval of months where minutes may be meant";

    // Targets: what one target makes of the appliance.
    NOT_CARRIED "E0401" Error "the target cannot do what a field asks for";
    BAD_NAME "E0402" Error "a name the target does not take";
    NAME_CLASH "E0403" Error "two names become the same on the target";
    NO_WAY "E0404" Error "a reference that cannot work on the target";
    BAD_TARGET_PORT "E0405" Error "a port the target cannot give";
    NO_ORDER "E0406" Error "a start order the target cannot keep";
    BAD_SCHEDULE "E0407" Error "a schedule the target cannot keep";
    BAD_TARGET_VALUE "E0408" Error "a value the target does not take";
    APPROXIMATED "W0401" Warning "the target does what a field asks for only nearly";
    IMAGE_NEEDS "W0402" Warning "the image must bring a tool";
    FIXED_PORT_NEEDED "W0403" Warning "a port is fixed on the host because a reference needs it";
    CLUSTER_NEEDS "W0404" Warning "the cluster must be set up for it";
    NAME_CHANGED "H0401" Hint "a name was changed to one the target takes";
    DEFAULT_CHOSEN "H0402" Hint "a value the target needs and the appliance does not give";

    // Lints: nothing is wrong, but it may not be what one wants.
    SECRET_IN_SIGHT "W0601" Warning "a secret in plain sight in an environment variable";
    SENSITIVE_MOUNT "W0602" Warning "a sensitive place of the host is mounted";
    LOST_AT_SIGN "W0603" Warning "the `@` behind a user and password is read as a reference";
    LITTLE_MEMORY "W0604" Warning "less memory than a container can start with";
    MOVING_IMAGE "H0601" Hint "an image without a version, or with `latest`";
    PRIVILEGED "H0602" Hint "a container with full rights on its host";
    UNORDERED_REFERENCE "H0603" Hint "a reference to a container that one does not wait for";

    // Options: what is said to applc beside the appliance.
    BAD_OPTION "E0501" Error "an option that no target has, or a value it does not take";
    BAD_LEVEL "E0502" Error "a level set for a code that does not exist, or that cannot have it";

    // Custom targets: their folders and templates.
    BAD_MANIFEST "E0701" Error "a `target.toml` that does not describe a target";
    BAD_TEMPLATE "E0702" Error "a template that cannot be read or rendered";
    BAD_OUTPUT "E0703" Error "a template made what is not well-formed";
    BAD_PATH "E0704" Error "a file outside of the output folder, or two files at one path";
    UNUSED_TEMPLATE "W0701" Warning "a template that nothing uses";
    UNMENTIONED_FIELD "H0701" Hint "fields that a target does not mention, and so rejects";
}

/// Returns the code with this id, ignoring case.
pub fn find(id: &str) -> Option<&'static Code> {
    ALL.iter().find(|code| code.id.eq_ignore_ascii_case(id)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_start_with_the_letter_of_their_level() {
        for (at, code) in ALL.iter().enumerate() {
            assert!(ALL[..at].iter().all(|other| other.id != code.id), "duplicate id {}", code.id);
            let letter = code.level.name().to_uppercase().chars().next();
            assert_eq!(code.id.chars().next(), letter, "{}", code.id);
            assert_eq!(find(code.id), Some(*code));
        }
    }
}
