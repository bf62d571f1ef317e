//! `applc completions` and `applc man`.

use assert_cmd::Command;

/// Runs the program: exit status, standard output, standard error.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("applc").unwrap().env_clear().args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn completions_have_commands_arguments_and_values() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let (status, out, err) = run(&["completions", shell]);
        assert_eq!((status, err.as_str()), (0, ""), "{shell}");
        for word in ["compile", "keep-going"] {
            assert!(out.contains(word), "{shell}: {word}");
        }
    }
    let (status, out, _) = run(&["completions", "sh"]);
    assert_eq!((status, out.as_str()), (2, ""));
}

/// Bash takes the script, and completes with it.
#[cfg(unix)]
#[test]
fn bash_completes_commands() {
    let script = run(&["completions", "bash"]).1;
    let test = "\nCOMP_WORDS=(applc comp); COMP_CWORD=1; _applc applc comp applc; echo \"${COMPREPLY[@]}\"\n";
    let output = Command::new("bash").arg("-s").write_stdin(script + test).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "compile completions\n");
}

#[test]
fn each_command_has_a_manual_page() {
    let (status, root, err) = run(&["man"]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(root.contains(".TH applc 1") && root.contains("applc\\-compile(1)"), "{root}");
    // The lines of examples stay lines.
    let (_, notes) = root.split_once(".SH NOTES\n.nf\n").unwrap();
    assert!(notes.lines().filter(|line| line.starts_with("  applc ")).count() > 5, "{notes}");
    let (status, page, _) = run(&["man", "target", "new"]);
    assert_eq!(status, 0);
    assert!(page.contains(".TH applc-target-new 1"), "{page}");
    assert!(page.contains("\\fBapplc target new\\fR"), "{page}");
}

#[test]
fn an_unknown_command_has_no_page() {
    let (status, out, err) = run(&["man", "compil"]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains("unknown command `applc compil`; did you mean `compile`?"), "{err}");
    let (_, _, err) = run(&["man", "compile", "x"]);
    assert!(
        err.contains("unknown command `applc compile x`; `applc compile` has no commands"),
        "{err}"
    );
}
