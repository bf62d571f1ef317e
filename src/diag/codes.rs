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

    // Resolving: the parts of the appliance against each other.
    UNKNOWN_REFERENCE "E0301" Error "reference to an unknown container";
    UNKNOWN_DEPENDENCY "E0302" Error "dependency on an unknown container";
    DUPLICATE_ID "E0303" Error "duplicate container id";
    DEPENDENCY_CYCLE "E0304" Error "dependency cycle";
    SELF_DEPENDENCY "E0305" Error "container that depends on itself";
    DUPLICATE_PORT "E0306" Error "duplicate container port";
    HOST_PORT_CLASH "E0307" Error "host port conflict";
    HOST_MODE_PORT "E0308" Error "port mapping on the host network";
    UNKNOWN_VOLUME "E0309" Error "mount of an unknown volume";
    DUPLICATE_VOLUME "E0310" Error "duplicate volume id";
    DUPLICATE_MOUNT "E0311" Error "duplicate mount path";
    BAD_PORT_INDEX "E0312" Error "invalid port of a health check";
    BAD_START_TIME "E0313" Error "invalid start time";
    BAD_INTERVAL "E0314" Error "invalid interval";
    UNUSED_VOLUME "W0301" Warning "unused persistent volume";
    NO_PORT_TO_CHECK "W0302" Warning "default health check without a TCP port";
    FIXED_PORT_INSTANCES "W0303" Warning "fixed host port with several instances";
    UNDECLARED_PORT "H0301" Hint "reference to an undeclared port";
    MONTHS_NOT_MINUTES "H0302" Hint "interval in months that may be meant in minutes";

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

    // Lints: valid, but possibly not what is intended.
    SECRET_IN_SIGHT "W0601" Warning "secret in an environment variable";
    SENSITIVE_MOUNT "W0602" Warning "mount of a sensitive host path";
    LOST_AT_SIGN "W0603" Warning "`@` after a password, read as a reference";
    LITTLE_MEMORY "W0604" Warning "memory limit that is too low";
    MOVING_IMAGE "H0601" Hint "image without a pinned version";
    PRIVILEGED "H0602" Hint "privileged container";
    UNORDERED_REFERENCE "H0603" Hint "reference without a dependency";

    // Options: settings in arguments and project files.
    BAD_OPTION "E0501" Error "unknown option or invalid value";
    BAD_LEVEL "E0502" Error "invalid level for a code";

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
