//! The table of diagnostic codes.
//!
//! The id of a code is never reused, not even after the code is removed. The letter is the
//! default level (`E` error, `W` warning, `H` hint), the first two digits are those of the phase.

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
    /// The phase that reports it.
    pub phase: Phase,
    /// A summary in one line.
    pub summary: &'static str,
    /// The explanation, in Markdown.
    pub page: &'static str,
}

macro_rules! codes {
    ($(
        $(#[$about:meta])* $phase:ident $title:literal {
            $($name:ident $id:literal $level:ident $summary:literal;)*
        }
    )*) => {
        /// What a code is about: the phase of the compiler that reports it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Phase {
            $($(#[$about])* $phase,)*
        }

        impl Phase {
            /// All phases, in the order of the table.
            pub const ALL: &'static [Phase] = &[$(Phase::$phase),*];

            /// The heading of its codes in the documentation.
            pub fn title(self) -> &'static str {
                match self { $(Phase::$phase => $title,)* }
            }
        }

        $($(
            #[doc = concat!("`", $id, "`: ", $summary, ".")]
            pub static $name: Code = Code {
                id: $id,
                name: stringify!($name),
                level: Level::$level,
                phase: Phase::$phase,
                summary: $summary,
                page: include_str!(concat!("../../docs/diagnostics/", $id, ".md")),
            };
        )*)*

        /// All codes, in the order of the table.
        pub static ALL: &[&Code] = &[$($(&$name,)*)*];
    };
}

codes! {
    /// Source: bytes that are not a document.
    Source "Source" {
        NOT_UTF8 "E0001" Error "invalid UTF-8";
        TOO_LARGE "E0002" Error "file too large";
        UNREADABLE "E0003" Error "unreadable file";
        TOO_MANY "W0002" Warning "too many findings";
    }
    /// Syntax: JSON and YAML.
    Syntax "Syntax" {
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
        MERGE_CONFLICT "E0116" Error "unresolved merge conflict";
        COMMENT_IN_JSON "W0101" Warning "comment in a `.json` file";
        TRAILING_COMMA "W0102" Warning "trailing comma in a `.json` file";
    }
    /// Schema: the structure of the language.
    Schema "Structure" {
        UNKNOWN_FIELD "E0201" Error "unknown field";
        WRONG_TYPE "E0202" Error "type mismatch";
        MISSING_FIELD "E0203" Error "missing field";
        BAD_ENUM "E0204" Error "invalid value";
        OUT_OF_RANGE "E0205" Error "value or length out of range";
        BAD_FORMAT "E0206" Error "invalid string format";
        WRONG_KIND "E0207" Error "field not valid for this kind of container or health check";
        EXCLUSIVE_FIELDS "E0208" Error "mutually exclusive fields";
        REPEATED_ITEM "E0209" Error "duplicate item in a list of unique items";
        FOREIGN_FILE "E0210" Error "file of another tool";
        OLD_VOLUME_FORM "W0201" Warning "volume in the form of older PIVOT versions";
        OBSOLETE_FIELD "W0202" Warning "obsolete field without effect";
        NO_SCHEDULER "W0203" Warning "unsupported scheduler plug-in";
        READ_ONLY_FIELD "H0201" Hint "ignored field of a running system";
    }
    /// Resolving: the parts of the appliance against each other.
    Resolve "Resolving" {
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
        ROOT_MOUNT "E0315" Error "mount at the root directory";
        LOCAL_NAME "E0316" Error "reference to a name of the local machine";
        NOT_INTERNAL "E0317" Error "internal port that is reachable from outside";
        UNREADABLE_FILE "E0318" Error "file that cannot be read";
        DUPLICATE_VARIABLE "E0319" Error "duplicate environment variable";
        BAD_CRON "E0321" Error "invalid cron line";
        BAD_TIME_ZONE "E0322" Error "invalid time zone";
        BUILD_CLASH "E0323" Error "image that is built in different ways";
        UNUSED_VOLUME "W0301" Warning "unused persistent volume";
        NO_PORT_TO_CHECK "W0302" Warning "default health check without a TCP port";
        FIXED_PORT_INSTANCES "W0303" Warning "fixed host port with several instances";
        NEVER_RUNS "W0304" Warning "schedule that never matches";
        UNDECLARED_PORT "H0301" Hint "reference to an undeclared port";
        MONTHS_NOT_MINUTES "H0302" Hint "interval in months that may be meant in minutes";
        HOST_BY_DEFAULT "H0303" Hint "host port on the host network";
        EITHER_DAY "H0304" Hint "schedule with days of the month and of the week";
    }
    /// Targets: what one target makes of the appliance.
    Target "Targets" {
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
        BUILD_FIRST "W0405" Warning "image that must be built and pushed first";
        NAME_CHANGED "H0401" Hint "name changed for the target";
        DEFAULT_CHOSEN "H0402" Hint "value chosen for the target";
    }
    /// Options: settings in arguments and project files.
    Option "Options" {
        BAD_OPTION "E0501" Error "unknown option or invalid value";
        BAD_LEVEL "E0502" Error "invalid level for a code";
        OTHER_VERSION "E0503" Error "version of applc that the project does not accept";
        OUTPUT_CONFLICT "E0504" Error "file that two appliances write";
        CLAIMED_TWICE "E0505" Error "what two appliances claim on a target";
        IN_THE_WAY "E0506" Error "output that cannot be written";
        ODD_FOLDER "W0501" Warning "folder that is not looked into, or is named as an appliance";
        UNRECORDED "W0502" Warning "file that does not match the record of outputs";
    }
    /// Lints: valid, but possibly not what is intended.
    Lint "Advice" {
        SECRET_IN_SIGHT "W0601" Warning "secret in an environment variable";
        SENSITIVE_MOUNT "W0602" Warning "mount of a sensitive host path";
        LOST_AT_SIGN "W0603" Warning "`@` after a password, read as a reference";
        LITTLE_MEMORY "W0604" Warning "memory limit that is too low";
        EMPTY_HOME "W0605" Warning "empty `HOME` variable";
        UNREPLACED_VARIABLE "W0606" Warning "variable that is not replaced";
        FOREIGN_VALUE "W0607" Warning "value that another language reads";
        NOT_A_REFERENCE "W0608" Warning "container id that is not a reference";
        UNREADABLE_MODE "W0609" Warning "file that the user of the container cannot read";
        ODD_CHARACTER "W0610" Warning "character that may not be meant";
        MOVING_IMAGE "H0601" Hint "image without a pinned version";
        PRIVILEGED "H0602" Hint "privileged container";
        UNORDERED_REFERENCE "H0603" Hint "reference without a dependency";
    }
    /// Custom targets: their folders and templates.
    Custom "Custom targets" {
        BAD_MANIFEST "E0701" Error "invalid `target.toml`";
        BAD_TEMPLATE "E0702" Error "template that cannot be parsed or rendered";
        BAD_OUTPUT "E0703" Error "invalid output of a template";
        BAD_PATH "E0704" Error "file path that is invalid, outside the output folder, or used twice";
        NO_PROCESS "E0706" Error "process for templates that cannot be started";
        UNUSED_TEMPLATE "W0701" Warning "unused template";
        UNMENTIONED_FIELD "H0701" Hint "field not mentioned by the target";
    }
    /// Other tools: what they find in generated files.
    Foreign "Other tools" {
        FOREIGN_ERROR "E0801" Error "error reported by another tool";
        FOREIGN_WARNING "W0801" Warning "warning reported by another tool";
        FOREIGN_HINT "H0801" Hint "advice of another tool";
    }
    /// Running: why an appliance does not come up on an engine.
    Run "Running" {
        NOT_PULLED "E0901" Error "image that cannot be pulled or built";
        NOT_STARTED "E0902" Error "container that cannot be started";
        CRASHED "E0903" Error "service that does not stay up";
        UNHEALTHY "E0904" Error "service that is not healthy";
        JOB_FAILED "E0905" Error "failed job";
        NOT_PLACED "E0906" Error "container that cannot be placed";
        NO_SECRET "E0907" Error "missing value of a secret";
        NOT_ALLOWED "E0911" Error "appliance that the service does not allow";
    }
    /// Overlays: what they change in an appliance.
    Overlay "Overlays" {
        UNKNOWN_ENTRY "E1101" Error "overlay of an entry that does not exist";
        ENTRY_EXISTS "E1102" Error "added entry that already exists";
        KEY_CHANGED "E1103" Error "overlay that changes a key";
        REQUIRED_FIELD "E1104" Error "removal of a required field";
        NOTHING_CHANGED "W1101" Warning "overlay that changes nothing";
        NOTHING_REMOVED "W1102" Warning "removal of something that does not exist";
        UNUSED_IMAGE "W1103" Warning "version of an unused image";
        UNUSED_OVERLAY "W1104" Warning "overlay of no appliance";
    }
    /// Locking: the digests of images.
    Lock "Digests of images" {
        NO_IMAGE "E1201" Error "image that its registry does not have";
        NO_ACCESS "E1202" Error "registry that denies access to an image";
        NO_ANSWER "E1203" Error "registry that does not say the digest of an image";
        NOT_LOCKED "W1201" Warning "image without a locked digest";
        UNUSED_LOCK "W1202" Warning "locked digest of an unused image";
    }
    /// Importing: what becomes of a file in another format.
    Import "Importing" {
        NOT_IMPORTED "E1001" Error "value that cannot be imported";
        NOT_LIKE "W1001" Warning "part without a like in the language";
        IMPORT_DIFFERS "W1002" Warning "part that means something else after the import";
        IMPORT_CHOICE "H1001" Hint "choice of the import";
    }
}

/// Returns the code with this id, ignoring case.
pub fn find(id: &str) -> Option<&'static Code> {
    ALL.iter().find(|code| code.id.eq_ignore_ascii_case(id)).copied()
}

/// A code, written as its id.
pub(super) mod by_id {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Code, find};

    pub fn serialize<S: Serializer>(code: &&'static Code, to: S) -> Result<S::Ok, S::Error> {
        code.id.serialize(to)
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<&'static Code, D::Error> {
        let id = String::deserialize(from)?;
        find(&id).ok_or_else(|| serde::de::Error::custom(format!("unknown code `{id}`")))
    }
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

    #[test]
    fn the_codes_of_a_phase_start_with_the_same_digits() {
        for code in ALL {
            let same = |other: &&&Code| other.phase == code.phase;
            let digits = |code: &Code| code.id.get(1..3).map(str::to_owned);
            assert!(
                ALL.iter().filter(same).all(|other| digits(other) == digits(code)),
                "{}",
                code.id
            );
        }
    }
}
