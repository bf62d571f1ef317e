//! The arguments `--deny`, `--warn` and `--allow`, in the order of the command line.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use applc::diag::{Levels, Report, Setting, Verb};
use applc::source::Source;

/// The arguments in their order, not parsed yet.
#[derive(Debug, Default)]
pub struct LevelArguments {
    given: Vec<(Verb, String)>,
}

impl LevelArguments {
    /// Parses the arguments.
    ///
    /// # Errors
    /// A report for each invalid argument.
    pub fn read(&self) -> Result<Levels, Vec<Report>> {
        let mut settings = Vec::new();
        let mut errors = Vec::new();
        for (verb, word) in &self.given {
            let source = Source::new(format!("--{}", verb.name()), word.as_str());
            match Setting::of_argument(*verb, &source) {
                Ok(setting) => settings.push(setting),
                Err(error) => errors.push(Report::of(source, *error)),
            }
        }
        if errors.is_empty() { Ok(Levels::new(settings)) } else { Err(errors) }
    }
}

fn help(verb: Verb) -> &'static str {
    match verb {
        Verb::Allow => "Suppress findings with this code",
        Verb::Warn => "Turn findings with this code into warnings",
        Verb::Deny => {
            "Turn findings with this code, or all `warnings`, into errors; repeatable, later levels \
             override earlier ones"
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
