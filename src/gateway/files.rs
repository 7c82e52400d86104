//! Small files in the data directory: written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};

use crate::GatewayError;

/// Only the owner reads and writes.
pub(crate) const PRIVATE: u32 = 0o600;
/// Everybody may read.
pub(crate) const PUBLIC: u32 = 0o644;

/// Makes the directory, for the owner alone.
pub(crate) fn make_directory(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes an empty file for the owner alone, unless there is one.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).mode(PRIVATE).open(path).map(drop)
}

/// Writes a file under a temporary name, syncs it and renames it.
pub(crate) fn write(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&temporary)?;
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    if let Some(directory) = path.parent() {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

/// The file's content; if there is none, what `make` gives, written with `mode` first.
pub(crate) fn read_or_make(
    path: &Path,
    mode: u32,
    make: impl FnOnce() -> Result<Vec<u8>, GatewayError>,
) -> Result<Vec<u8>, GatewayError> {
    match fs::read(path) {
        Ok(content) => Ok(content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let content = make()?;
            write(path, &content, mode)
                .map_err(|error| GatewayError::at(format!("cannot write {}", path.display()), error))?;
            Ok(content)
        }
        Err(error) => Err(GatewayError::at(format!("cannot read {}", path.display()), error)),
    }
}

/// Fills a new array from the system's random numbers.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], GatewayError> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| GatewayError::new("the system gives no random numbers: is /dev/urandom there?"))?;
    Ok(bytes)
}

/// 256 random bits as unpadded base64url: 43 characters.
pub(crate) fn random_token() -> Result<String, GatewayError> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::PathBuf;

    use super::*;

    /// A new directory for one test, named after it and the process.
    pub(crate) fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("offpush-gateway-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        make_directory(&path).unwrap();
        path
    }

    #[test]
    fn a_private_file_is_for_its_owner_alone() {
        // A file written as private has mode 0600 even when it replaces one that everybody could read.
        let directory = directory("files");
        let path = directory.join("token");
        write(&path, b"old", PUBLIC).unwrap();
        write(&path, b"new", PRIVATE).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, PRIVATE);
    }
}
