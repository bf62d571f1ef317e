//! References in texts of other formats, where a container is named without a mark.

use super::names::Names;

/// A text for the language: names of containers become references, and every other `@` is escaped.
///
/// A name counts where a host is meant: in the authority of a URL, before a port, and as the whole value if
/// `is_host` says that the value is a host.
pub fn marked(text: &str, names: &Names, is_host: bool) -> String {
    if let Some(id) = names.get(text).filter(|_| is_host) {
        return format!("@{id}");
    }
    // A list of hosts.
    if is_host && text.contains(',') {
        let ids: Option<Vec<&str>> = text.split(',').map(|word| names.get(word.trim())).collect();
        if let Some(ids) = ids {
            return ids.iter().map(|id| format!("@{id}")).collect::<Vec<_>>().join(",");
        }
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut head = Head::default();
    while let Some(c) = rest.chars().next() {
        let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let start = text.len() - rest.len();
        if length == 0 {
            if c == '@' {
                out.push('\\');
            }
            out.push(c);
            head.pass(text, start, c);
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
            continue;
        }
        let (word, behind) = rest.split_at(length);
        match names.get(word).filter(|_| head.is_meant(text, start, behind)) {
            Some(id) => {
                out.push('@');
                out.push_str(id);
            }
            None => out.push_str(word),
        }
        head.before = word.chars().next_back();
        rest = behind;
    }
    out
}

/// What is known of the text before a word, which is read once.
#[derive(Default)]
struct Head {
    /// The character before the word.
    before: Option<char>,
    /// Where the authority of the last URL begins, unless it has ended.
    authority: Option<usize>,
    /// Where the last command of a shell begins.
    command: usize,
}

impl Head {
    /// Notes a character that belongs to no name.
    fn pass(&mut self, text: &str, at: usize, c: char) {
        let end = at + c.len_utf8();
        self.before = Some(c);
        if c == '/' && text.get(..end).is_some_and(|head| head.ends_with("://")) {
            // Behind the scheme, or behind the user in it.
            self.authority = Some(end);
        } else if ENDS.contains(&c) {
            self.authority = None;
        }
        if matches!(c, ';' | '|' | '&') {
            self.command = end;
        }
    }

    /// Whether a name at this place is a host.
    fn is_meant(&self, text: &str, start: usize, behind: &str) -> bool {
        let authority = self.authority.and_then(|at| text.get(at..start));
        let in_url = authority.is_some_and(|authority| {
            // Before an `@`, it is a user.
            let is_user = || behind.split(ENDS).next().unwrap_or_default().contains('@');
            authority.is_empty() && !is_user() || authority.ends_with(['@', ','])
        });
        if in_url {
            return behind.is_empty()
                || behind.starts_with([':', '/', '?', '#', ',', ' ', '"', '\'', ')']);
        }
        let is_apart = self
            .before
            .is_none_or(|c| matches!(c, ' ' | ',' | ';' | '=' | '(' | '"' | '\'' | '@' | '['));
        let head = text.get(..start).unwrap_or_default();
        let command = text.get(self.command..start).unwrap_or_default();
        is_apart && port(behind) || is_value(head, behind) || is_checked(command, behind)
    }
}

/// Characters of host names.
fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// What ends the authority of a URL.
const ENDS: [char; 6] = ['/', '?', '#', ' ', '"', '\''];

/// Whether this is the whole value of a key that names a host: `host=NAME` between blanks, semicolons or `&`, or
/// `"host": "NAME"`.
fn is_value(head: &str, behind: &str) -> bool {
    let key = |before: &str| {
        let start = before.rfind(|c| !is_name(c)).map_or(0, |at| at + 1);
        before.get(start..).is_some_and(names_a_host)
    };
    if let Some(before) = head.strip_suffix('=') {
        return key(before)
            && (behind.is_empty() || behind.starts_with([' ', ';', '&', '"', '\'']));
    }
    let json = head.strip_suffix('"').and_then(|before| before.trim_end().strip_suffix(':'));
    let json = json.and_then(|before| before.trim_end().strip_suffix('"'));
    behind.starts_with('"') && json.is_some_and(key)
}

/// Longest command before a host, in bytes.
const LONGEST_CHECK: usize = 200;

/// Whether this is the host in `nc -z HOST PORT`, of which `command` is what is before the host.
fn is_checked(command: &str, behind: &str) -> bool {
    if command.len() > LONGEST_CHECK {
        return false;
    }
    let is_number = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_digit());
    let mut words = command.split_whitespace();
    let port = behind.strip_prefix(' ').and_then(|rest| rest.split([' ', ';', ')']).next());
    command.ends_with(' ')
        && words.next().is_some_and(|word| word == "nc" || word.ends_with("/nc"))
        && words.all(|word| word.starts_with('-') || is_number(word))
        && port.is_some_and(is_number)
}

/// Whether an argument says that the next one is a host: `--db-host`.
pub fn flag_of_host(argument: &str) -> bool {
    argument.strip_prefix("--").is_some_and(|name| !name.contains('=') && names_a_host(name))
}

/// Whether a text begins with a port: a colon, digits, and nothing that goes on.
fn port(behind: &str) -> bool {
    let Some(rest) = behind.strip_prefix(':') else { return false };
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let next = rest.get(digits..).and_then(|rest| rest.chars().next());
    (2..=5).contains(&digits) && next.is_none_or(|c| !is_name(c) && c != ':')
}

/// The ids and ports of the references with a port in a text of the language.
pub fn addresses(text: &str) -> impl Iterator<Item = (String, u16)> {
    let is_id = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.match_indices('@').filter_map(move |(at, _)| {
        let is_escaped = text.get(..at).is_some_and(|before| before.ends_with('\\'));
        let rest = text.get(at + 1..).filter(|_| !is_escaped)?;
        let (id, rest) = rest.split_at(rest.find(|c| !is_id(c))?);
        let rest = rest.strip_prefix(':')?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        Some((id.to_owned(), rest.get(..end)?.parse().ok()?))
    })
}

/// Whether the name of a variable says that its value is a host.
pub fn names_a_host(variable: &str) -> bool {
    const ENDINGS: [&str; 8] =
        ["HOST", "HOSTNAME", "HOSTS", "SERVER", "SERVERS", "ADDR", "ADDRESS", "ENDPOINT"];
    let upper = variable.to_ascii_uppercase();
    let last = upper.rsplit(['_', '-', '.']).next().unwrap_or_default();
    ENDINGS.contains(&last) || upper.ends_with("HOST")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_become_references_and_other_words_stay() {
        let mut names = Names::default();
        for name in ["db", "my_cache", "web"] {
            names.add(name);
        }
        for (text, expected) in [
            ("redis://my_cache:6379/0", "redis://@my-cache:6379/0"),
            ("postgres://user:pa@db/web", "postgres://user:pa\\@@db/web"),
            ("postgres://db:db@db:5432/db", "postgres://db:db\\@@db:5432/db"),
            ("mongodb://db,web:27017/x", "mongodb://@db,@web:27017/x"),
            ("http://web", "http://@web"),
            ("http://web.example.org/", "http://web.example.org/"),
            ("db:5432", "@db:5432"),
            ("db:5432,web:80", "@db:5432,@web:80"),
            ("--bind web:8080", "--bind @web:8080"),
            ("web:latest", "web:latest"),
            ("/srv/web:80", "/srv/web:80"),
            ("12:30:web:80", "12:30:web:80"),
            ("me@example.org", "me\\@example.org"),
            ("the web db", "the web db"),
            ("host=db user=web", "host=@db user=web"),
            ("Server=db;Port=5432;Database=web;", "Server=@db;Port=5432;Database=web;"),
            ("--db-host=db", "--db-host=@db"),
            (r#"{"host":"db","port":5432}"#, r#"{"host":"@db","port":5432}"#),
            (r#"{"name": "db", "db_host": "web"}"#, r#"{"name": "db", "db_host": "@web"}"#),
            ("nc -z db 5432", "nc -z @db 5432"),
            ("true && nc -w 1 -z db 5432 || exit 1", "true && nc -w 1 -z @db 5432 || exit 1"),
            ("echo db 5432", "echo db 5432"),
        ] {
            assert_eq!(marked(text, &names, false), expected);
        }
        assert_eq!(marked("db", &names, true), "@db");
        assert_eq!(marked("db,my_cache", &names, true), "@db,@my-cache");
        assert_eq!(marked("db,other", &names, true), "db,other");
        assert!(flag_of_host("--db-host") && !flag_of_host("--db") && !flag_of_host("--host=a"));
        assert_eq!(marked("db", &names, false), "db");
    }

    #[test]
    fn ports_of_references_are_found() {
        let all = |text| addresses(text).collect::<Vec<_>>();
        assert_eq!(
            all("db://u:p\\@@my-db:5432/x,@b:80"),
            [("my-db".to_owned(), 5432), ("b".to_owned(), 80)]
        );
        assert_eq!(all("me\\@web:80 @web @web: @web:99999"), []);
    }

    #[test]
    fn a_variable_may_name_a_host() {
        for name in ["DB_HOST", "MYSQL_SERVER", "redis.hostname", "PGHOST"] {
            assert!(names_a_host(name), "{name}");
        }
        for name in ["DB_NAME", "HOST_KEY", "DATABASE"] {
            assert!(!names_a_host(name), "{name}");
        }
    }
}
