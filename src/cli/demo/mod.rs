//! `offpush demo`: the reference document's flow on this machine, with real processes, real TLS and real SIGKILLs.
//!
//! [`steps`] is the walk; [`processes`] starts and kills gateway, daemon and app; [`gateway`] speaks HTTP to the
//! gateway as app servers do.

mod gateway;
mod processes;
mod steps;

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::Failure;
use crate::arguments::Demo;

pub(crate) fn run(options: &Demo) -> Result<(), Failure> {
    processes::heed_interrupts()?;
    let began = Instant::now();
    let folder = Folder::new()?;
    let mut stage = steps::Stage::new(&folder.path)?;
    println!("offpush demo: gateway, daemon and app as separate processes in {}\n", folder.path.display());
    let failed = steps::walk(&mut stage);
    let seconds = began.elapsed().as_secs_f64();
    let total = steps::STEPS.len();
    match &failed {
        None => println!("\nall {total} steps held, in {seconds:.1} s"),
        Some(failure) => println!("\nstep {} did not hold: {}", failure.step, failure.reason),
    }
    if let Some(failure) = failed {
        let path = folder.keep();
        println!("the data and logs stay in {}", path.display());
        return Err(format!("step {} of {total} did not hold", failure.step).into());
    }
    if options.keep {
        stage.stay()?;
    } else {
        println!("next: `offpush demo --keep` leaves it running for you to push to; `offpush --help` has the rest");
    }
    Ok(())
}

/// The demo's folder, removed in the end.
struct Folder {
    path: PathBuf,
    remove: bool,
}

impl Folder {
    fn new() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("offpush-demo-{}", std::process::id()));
        std::fs::create_dir(&path).map_err(|error| format!("cannot make {}: {error}", path.display()))?;
        Ok(Self { path, remove: true })
    }

    fn keep(mut self) -> PathBuf {
        self.remove = false;
        self.path.clone()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.remove {
            remove(&self.path);
        }
    }
}

fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_dir_all(path) {
        eprintln!("offpush: cannot remove {}: {error}", path.display());
    }
}
