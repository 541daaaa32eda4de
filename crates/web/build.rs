//! Takes what `cargo xtask scripts` bundled into the binary. Without it the portal is complete all the
//! same: charts and the map are then what the server draws.

use std::ffi::OsString;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder = Path::new(&told("CARGO_MANIFEST_DIR")?).join("bundle");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut packed: Vec<_> = match fs::read_dir(&folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    packed.retain(|path| path.extension().is_some_and(|extension| extension == "gz"));
    packed.sort();
    if packed.is_empty() && told("PROFILE")? == "release" {
        println!("cargo::warning=charts and the map will be those of the server: `cargo xtask scripts` was not run");
    }
    let line = |path: &std::path::PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        format!("    ({name:?}, include_bytes!({:?})),\n", path.display().to_string())
    };
    let list: String = packed.iter().map(line).collect();
    let out = Path::new(&told("OUT_DIR")?).join("bundle.rs");
    fs::write(out, format!("/// Name and packed bytes of each file of the bundle.\nconst BUNDLE: &[(&str, &[u8])] = &[\n{list}];\n"))
}

/// What cargo tells a build script under `name`.
fn told(name: &str) -> io::Result<OsString> {
    env::var_os(name).ok_or_else(|| io::Error::other(format!("cargo does not tell {name}")))
}
