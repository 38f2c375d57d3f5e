use crate::arguments;
use crate::output::print;
use anyhow::Context;
use clap_mangen::{Man, generate_to};
use std::fs;
use std::path::PathBuf;

/// Print the manual page, or write the page of every command into a folder.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  periscope man --folder /usr/local/share/man/man1")]
pub(crate) struct Arguments {
    /// Write the pages of all commands here
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let command = arguments::Arguments::described();
    if let Some(folder) = &arguments.folder {
        let cannot = || format!("cannot write to {}", folder.display());
        fs::create_dir_all(folder).with_context(cannot)?;
        return generate_to(command, folder).with_context(cannot);
    }
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    Ok(print(String::from_utf8(page)?.trim_end())?)
}
