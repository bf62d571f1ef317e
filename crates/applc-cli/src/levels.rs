//! The arguments `--deny`, `--warn` and `--allow`, in the order in which they were given.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use applc::diag::{Levels, Report, Setting, Verb};
use applc::source::Source;

/// The levels that the arguments set, in their order, not yet read.
#[derive(Debug, Default)]
pub struct LevelArguments {
    given: Vec<(Verb, String)>,
}

impl LevelArguments {
    /// Reads them.
    ///
    /// # Errors
    /// A report for each argument that is wrong.
    pub fn read(&self) -> Result<Levels, Vec<Report>> {
        let mut settings = Vec::new();
        let mut faults = Vec::new();
        for (verb, word) in &self.given {
            let source = Source::new(format!("--{}", verb.name()), word.as_str());
            match Setting::of_argument(*verb, &source) {
                Ok(setting) => settings.push(setting),
                Err(fault) => faults.push(Report { source, diagnostics: vec![*fault] }),
            }
        }
        if faults.is_empty() { Ok(Levels::new(settings)) } else { Err(faults) }
    }
}

fn help(verb: Verb) -> &'static str {
    match verb {
        Verb::Allow => "Say nothing of findings with this code",
        Verb::Warn => "Make findings with this code warnings",
        Verb::Deny => {
            "Make findings with this code errors, or all `warnings`; may be given several \
             times, as may --warn and --allow: the later one wins"
        }
    }
}

impl FromArgMatches for LevelArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut arguments = LevelArguments::default();
        arguments.update_from_arg_matches(matches)?;
        Ok(arguments)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        let mut given: Vec<(usize, Verb, String)> = Vec::new();
        for verb in Verb::ALL {
            let words = matches.get_many::<String>(verb.name()).into_iter().flatten();
            let places = matches.indices_of(verb.name()).into_iter().flatten();
            given.extend(places.zip(words).map(|(place, word)| (place, verb, word.clone())));
        }
        given.sort_by_key(|(place, ..)| *place);
        self.given = given.into_iter().map(|(_, verb, word)| (verb, word)).collect();
        Ok(())
    }
}

impl Args for LevelArguments {
    fn augment_args(command: Command) -> Command {
        [Verb::Deny, Verb::Warn, Verb::Allow].into_iter().fold(command, |command, verb| {
            command.arg(
                Arg::new(verb.name())
                    .long(verb.name())
                    .value_name("CODE")
                    .action(ArgAction::Append)
                    .help(help(verb))
                    .help_heading("Findings"),
            )
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
