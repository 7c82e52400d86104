//! Small file systems, for full and read-only disks.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::skip;

/// A small file system of its own at `path`, unmounted when dropped.
#[derive(Debug)]
pub struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    /// Mounts `size`, as `mount -o size=` takes it; `None`, and said, where that cannot be done.
    pub fn new(path: &'a Path, size: &str) -> Option<Self> {
        fs::create_dir_all(path).expect("a mount point");
        let options = format!("size={size}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(path).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(path));
        }
        skip("mounting a small file system needs root");
        None
    }

    /// Mounts it anew with this option, such as `ro`.
    pub fn remount(&self, option: &str) {
        let status = Command::new("mount").args(["-o", &format!("remount,{option}")]).arg(self.0).status();
        assert!(status.expect("mount runs").success(), "remount,{option}");
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}
