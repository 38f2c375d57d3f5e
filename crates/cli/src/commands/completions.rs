use crate::arguments;
use crate::output::print;
use clap_complete::{Shell, generate};

/// Print the completions of a shell, for its own folder of completions.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  periscope completions bash > ~/.local/share/bash-completion/completions/periscope"
)]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut script = Vec::new();
    generate(
        arguments.shell,
        &mut arguments::Arguments::described(),
        "periscope",
        &mut script,
    );
    Ok(print(String::from_utf8(script)?.trim_end())?)
}
