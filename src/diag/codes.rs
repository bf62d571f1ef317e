//! The table of codes: every kind of finding there is.
//!
//! An id is never given to another kind of finding, not even after its own is gone. The
//! letter says the level (`E` error, `W` warning, `H` hint), the first two digits the phase.

use super::Level;

/// A kind of finding.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// The stable id, such as `E0301`.
    pub id: &'static str,
    /// Its name in words joined by underscores, such as `UNKNOWN_REFERENCE`.
    pub name: &'static str,
    /// How grave findings of this kind are.
    pub level: Level,
    /// What it is about, in one line.
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
        /// Every code, in the order of the table.
        pub static ALL: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    // Source: bytes that cannot be read as a document at all.
    NOT_UTF8 "E0001" Error "the file is not UTF-8 text";
    TOO_LARGE "E0002" Error "the file holds more than applc reads";
    UNREADABLE "E0003" Error "the file cannot be read";
    TOO_MANY "W0002" Warning "more findings than are shown";

    // Syntax: JSON and YAML.
    UNEXPECTED_TOKEN "E0101" Error "something stands where it cannot";
    MISSING_COMMA "E0102" Error "a comma is missing between two entries";
    MISSING_COLON "E0103" Error "a colon is missing between a key and its value";
    MISSING_VALUE "E0104" Error "a value is missing";
    UNCLOSED "E0105" Error "a bracket is not closed, or closed by the wrong one";
    BAD_STRING "E0106" Error "a string is malformed";
    BAD_NUMBER "E0107" Error "a number is malformed";
    BARE_WORD "E0108" Error "a word stands without quotes";
    TRAILING_CONTENT "E0109" Error "something follows the end of the document";
    DUPLICATE_KEY "E0110" Error "a key stands twice in one object";
    EMPTY_DOCUMENT "E0111" Error "the document is empty";
    TOO_DEEP "E0112" Error "brackets are nested too deeply";
    EXTRA_COMMA "E0113" Error "a comma stands without an entry before it";
    BAD_YAML "E0114" Error "the YAML is malformed, or uses what an appliance cannot";
    BAD_TOML "E0115" Error "a project file or a `target.toml` is not TOML";
    COMMENT_IN_JSON "W0101" Warning "a comment in a .json file";
    TRAILING_COMMA "W0102" Warning "a comma after the last entry in a .json file";

    // Schema: the structure of the language.
    UNKNOWN_FIELD "E0201" Error "a field the language does not have";
    WRONG_TYPE "E0202" Error "a value of the wrong type";
    MISSING_FIELD "E0203" Error "a required field is missing";
    BAD_ENUM "E0204" Error "a value that is not one of those allowed";
    OUT_OF_RANGE "E0205" Error "a number or length out of range";
    BAD_FORMAT "E0206" Error "a string that does not have the required form";
    WRONG_KIND "E0207" Error "a field that does not belong to this kind of container or check";
    EXCLUSIVE_FIELDS "E0208" Error "two fields that exclude each other";
    REPEATED_ITEM "E0209" Error "an item stands twice in a list whose items must differ";
    OLD_VOLUME_FORM "W0201" Warning "a volume in the form of older PIVOT versions";
    OBSOLETE_FIELD "W0202" Warning "a field of older PIVOT versions, which has no effect";
    NO_SCHEDULER "W0203" Warning "a scheduler plug-in, which no target has";
    READ_ONLY_FIELD "H0201" Hint "fields that a running system adds are ignored";

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
    NOT_CARRIED "E0401" Error "field not supported by the target";
    BAD_NAME "E0402" Error "invalid name on the target";
    NAME_CLASH "E0403" Error "name conflict on the target";
    NO_WAY "E0404" Error "unreachable reference on the target";
    BAD_TARGET_PORT "E0405" Error "unavailable port on the target";
    NO_ORDER "E0406" Error "start order not supported by the target";
    BAD_SCHEDULE "E0407" Error "schedule not supported by the target";
    BAD_TARGET_VALUE "E0408" Error "value not supported by the target";
    APPROXIMATED "W0401" Warning "field approximated by the target";
    IMAGE_NEEDS "W0402" Warning "program required in the image";
    FIXED_PORT_NEEDED "W0403" Warning "host port fixed by a reference";
    CLUSTER_NEEDS "W0404" Warning "cluster setup required";
    NAME_CHANGED "H0401" Hint "name changed for the target";
    DEFAULT_CHOSEN "H0402" Hint "value chosen for the target";

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

/// The code with this id, if there is one. Letter case does not matter.
pub fn find(id: &str) -> Option<&'static Code> {
    ALL.iter().find(|code| code.id.eq_ignore_ascii_case(id)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_their_letter_is_their_level() {
        for (at, code) in ALL.iter().enumerate() {
            assert!(ALL[..at].iter().all(|other| other.id != code.id), "{} twice", code.id);
            let letter = code.level.name().to_uppercase().chars().next();
            assert_eq!(code.id.chars().next(), letter, "{}", code.id);
            assert_eq!(find(code.id), Some(*code));
        }
    }
}
